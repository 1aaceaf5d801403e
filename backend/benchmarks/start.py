"""How long a second start takes to the first answered page, and what the idle program weighs.

Printed beside what is measured in the same run: the start of the bare database server, and its weight alone.

    cd backend && ../.venv/bin/python -m benchmarks.start [--runs 5]
"""

import argparse
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import structlog

from app.ops.postgres import EmbeddedServer

LIMIT_SECONDS, LIMIT_MIB = 8, 350


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(data: Path, port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Start the program; return it and the seconds until the sign-in page was answered."""
    environment = os.environ | {
        "DATA_DIR": str(data),
        "SECRET_KEY": secrets.token_hex(32),
        "AADA_APP_PASSWORD": "a password for a benchmark",
    }
    began = time.perf_counter()
    program = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/sign-in", timeout=60):
                return program, time.perf_counter() - began
        except (urllib.error.URLError, ConnectionError):
            if program.poll() is not None:
                sys.exit("The program ended before it answered.")
            time.sleep(0.02)


def stop(program: subprocess.Popen[bytes]) -> None:
    program.send_signal(signal.SIGINT)
    program.wait(60)


def proportional_mib(processes: list[int], kind: str = "Pss") -> float:
    """Memory of the processes, pages they share counted once (Linux's PSS), in MiB.

    `kind` names a line of `smaps_rollup`: `Pss_Shmem` is the memory that processes share on purpose.
    """
    total = 0
    for process in processes:
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    total += int(line.split()[1])
    return total / 1024


def family(process: int) -> list[int]:
    """The process and all that it started, to the last."""
    found = [process]
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        found += family(int(child))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="aada-bench-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        port = free_port()
        program, first = serve(data, port)
        stop(program)
        starts, bare, weights, database_weights = [], [], [], []
        for _ in range(runs):
            program, seconds = serve(data, port)
            starts.append(seconds)
            time.sleep(2)
            server = EmbeddedServer(data / "postgres").status()
            database = family(server.pid) if server.pid else []
            weights.append(proportional_mib(sorted({*family(program.pid), *database})))
            database_weights.append(proportional_mib(database))
            stop(program)
            began = time.perf_counter()
            with EmbeddedServer(data / "postgres"):
                bare.append(time.perf_counter() - began)
        start, alone = statistics.median(starts), statistics.median(bare)
        weight, database_weight = statistics.median(weights), statistics.median(database_weights)
        print(f"first start        {first:6.2f} s   (makes the database and migrates it)")
        print(f"second start       {start:6.2f} s   limit {LIMIT_SECONDS} s; median of {runs}")
        print(f"  database alone   {alone:6.2f} s   ratio {start / alone:.1f}")
        print(f"idle memory        {weight:6.0f} MiB limit {LIMIT_MIB} MiB")
        print(f"  database alone   {database_weight:6.0f} MiB ratio {weight / database_weight:.1f}")


if __name__ == "__main__":
    main()
