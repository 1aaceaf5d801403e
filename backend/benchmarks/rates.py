"""How many pages a second, how late the slowest, and what a page and the idle system cost: one table in a few minutes.

    ../.venv/bin/python -m benchmarks.rates --keep DIRECTORY [--seconds 5] [--rounds 3] [--processes N] [--serve]

Asks with `wrk` (a client in C, apt install wrk) the schools that `benchmarks.pages --keep DIRECTORY` has written,
served by the system as it is started everywhere. Figures of time need a machine that does nothing else; processor
milliseconds for one page (program and database together) depend on it less. With --serve the school of 2,000 students
is served, and a line of JSON names the port and the cookies, until SIGTERM: for a comparison by another program.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from benchmarks.lrs_clients import processor_seconds
from benchmarks.pages import SIZES, STAFF, STUDENT, school
from benchmarks.pages_school import cookies
from benchmarks.start import family, free_port, proportional_mib

PAGES = (
    ("student's first page", STUDENT, "/"),
    ("student's hours", STUDENT, "/hours"),
    ("Today (staff)", STAFF, "/"),
    ("list of students", STAFF, "/people"),
    ("a student's page", STAFF, "/people/2"),
    ("search", STAFF, "/search?q=maria+lopez"),
    ("attendance report", STAFF, "/attendance/students"),
)
GOALS = {(8, "rate"): 350, (8, "p95"): 45, (64, "p95"): 250}
"""Of the student's first page: requests a second, and milliseconds."""
MEMORY_GOAL_MIB, FURTHER_GOAL_MIB, PROCESSOR_GOAL_MS = 150, 60, 4.0
_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("%d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(95), e.connect + e.read + e.write + e.timeout + e.status))
end
"""


@dataclass(frozen=True)
class Rate:
    """Requests a second, milliseconds of the middle and the 95th percentile, requests that failed."""

    rate: float
    p50: float
    p95: float
    failed: int


@dataclass(frozen=True)
class Serving:
    """The program and its database at a port, and the cookies of an administrator and a student."""

    program: int
    database: int
    port: int
    cookies: tuple[str, str]

    def processes(self) -> list[int]:
        return sorted({*family(self.program), *family(self.database)})


def wrk(url: str, cookie: str, clients: int, seconds: int) -> Rate:
    """Ask for a page with so many connections at once. Ends the program when wrk cannot."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_REPORT)
        script.flush()
        headers = ["-H", f"Cookie: {cookie}", "-H", "Accept-Encoding: gzip"]
        found = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{clients}",
                f"-d{seconds}s",
                "--timeout",
                "30s",
                "-s",
                script.name,
                *headers,
                url,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    line = found.stdout.strip().splitlines()[-1] if found.stdout.strip() else ""
    if not re.fullmatch(r"\d+( \d+){4}", line):
        sys.exit(f"wrk did not measure: {found.stderr or found.stdout}")
    count, duration, middle, late, failed = map(int, line.split())
    return Rate(count / (duration / 1e6), middle / 1000, late / 1000, failed)


@contextmanager
def serving(settings: Settings, database: int, students: int, processes: int | None) -> Iterator[Serving]:
    """The school, served as everywhere."""
    port = free_port()
    known = {
        "DATABASE_URL": str(settings.database_url),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "for-the-benchmark",
        "DATA_DIR": str(settings.data_dir),
        "LOG_LEVEL": "WARNING",
        # One person asks for hundreds of searches.
        "PACE_FACTOR": "10000",
    }
    more = ["--processes", str(processes)] if processes else []
    program = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port), *more],
        env=os.environ | known,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        for line in program.stdout:
            if f"http://localhost:{port}" in line:
                break
        else:
            sys.exit("The program ended before it answered.")
        yield Serving(program.pid, database, port, cookies(settings, students))
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(90)


def rates(
    one: Serving, pages: tuple[tuple[str, int, str], ...], clients: int, seconds: int
) -> dict[str, Rate]:
    """Each page in turn."""
    return {
        name: wrk(f"http://localhost:{one.port}{path}", one.cookies[who], clients, seconds)
        for name, who, path in pages
    }


def processor_ms(one: Serving, who: int, path: str, seconds: int) -> float:
    """What a page costs program and database together, asked by one client."""
    before = sum(map(processor_seconds, one.processes()))
    rate = wrk(f"http://localhost:{one.port}{path}", one.cookies[who], 1, seconds)
    used = sum(map(processor_seconds, one.processes())) - before
    return used * 1000 / (rate.rate * seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="where benchmarks.pages keeps its schools")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt install wrk.")
    with EmbeddedServer(options.keep / "postgres") as server:
        settings = school(server, "B", SIZES["B"], options.keep)
        database = server.status().pid or 0
        if options.serve:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit())
            with serving(settings, database, SIZES["B"], options.processes) as one:
                print(json.dumps({"port": one.port, "cookies": one.cookies}), flush=True)
                signal.pause()
            return
        measure(settings, database, options)


def measure(settings: Settings, database: int, options: argparse.Namespace) -> None:
    """Print the tables."""
    memory(settings, database)
    with serving(settings, database, SIZES["B"], options.processes) as one:
        rates(one, PAGES, 8, 1)  # warms up
        many: dict[int, list[dict[str, Rate]]] = {1: [], 8: [], 64: []}
        for _ in range(options.rounds):
            for clients, found in many.items():
                found.append(rates(one, PAGES if clients == 8 else PAGES[:1], clients, options.seconds))
        heads = "".join(f"{head:>9}" for head in ("clients", "pages/s", "p50 ms", "p95 ms", "failed"))
        print(f"\n{'':24}{heads}   medians of {options.rounds} rounds")
        for clients, found in many.items():
            for name in found[0]:
                _line(name, clients, [turn[name] for turn in found])
        print(f"\n{'':24}{'processor ms a page, program and database together':>60}")
        for name, who, path in PAGES:
            used = statistics.median(
                processor_ms(one, who, path, max(1, options.seconds // 2)) for _ in range(options.rounds)
            )
            goal = f"   goal {PROCESSOR_GOAL_MS:g}" if (who, path) == (STUDENT, "/") else ""
            print(f"{name:24}{used:60.1f}{goal}")


def _line(name: str, clients: int, found: list[Rate]) -> None:
    values = {part: statistics.median(getattr(one, part) for one in found) for part in ("rate", "p50", "p95")}
    goals = [f"{part} {goal}" for (at, part), goal in GOALS.items() if at == clients and name == PAGES[0][0]]
    print(
        f"{name:24}{clients:9}{values['rate']:9.0f}{values['p50']:9.1f}{values['p95']:9.1f}"
        f"{sum(one.failed for one in found):9}   {'goal: ' + ', '.join(goals) if goals else ''}",
        flush=True,
    )


def memory(settings: Settings, database: int) -> None:
    """The idle system with one process and with two."""
    weights = []
    for processes in (1, 2):
        with serving(settings, database, SIZES["B"], processes) as one:
            time.sleep(3)
            weights.append((proportional_mib(family(one.program)), proportional_mib(family(database))))
    (program, postgres), (second, postgres_second) = weights
    print(
        f"\nidle, one process       {program + postgres:6.0f} MiB  (program {program:.0f}, database {postgres:.0f})"
        f"   goal {MEMORY_GOAL_MIB}"
    )
    print(
        f"each further process    {second + postgres_second - program - postgres:6.0f} MiB   goal {FURTHER_GOAL_MIB}"
    )


if __name__ == "__main__":
    main()
