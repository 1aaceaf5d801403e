"""What a lost site costs: kill -9 of the server while four commit, its disk deleted, restored from the second place.

    ../.venv/bin/python -m benchmarks.loss [--kills 5] [--synchronous] [--seconds 10]

Rows that were acknowledged and are not there afterwards, and the window: from the newest acknowledged row that came
back to the newest that was acknowledged. The second place receives by `aada backup stream` on the same machine: over a
line, add its delay, and what it cannot carry.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from app.ops.postgres import EmbeddedServer
from app.setting_values import normalize_database_url
from app.settings import Settings
from tests.ops.backup.school import _TABLES, School, rows

WRITERS = 4
_EACH = 10_000_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--synchronous", action="store_true")
    options = parser.parse_args()
    windows, lost, total = [], [], 0
    for number in range(options.kills):
        with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            acknowledged = _lose(folder, options.seconds, synchronous=options.synchronous)
            there = set(rows(folder / "new"))
            missing = [row for row in acknowledged if row not in there]
            came_back = max((at for row, at in acknowledged.items() if row in there), default=0.0)
            windows.append(max(acknowledged.values()) - came_back)
            lost.append(len(missing))
            total += len(acknowledged)
            print(
                f"kill {number + 1}: {len(acknowledged):,} acknowledged, {len(missing):,} lost, "
                f"window {windows[-1]:.3f} s",
                flush=True,
            )
    print(
        f"{total:,} acknowledged; lost at most {max(lost):,}, median {statistics.median(lost):,.0f}; window at most "
        f"{max(windows):.3f} s, median {statistics.median(windows):.3f} s"
    )


def _lose(folder: Path, seconds: float, *, synchronous: bool) -> dict[int, float]:
    """Lose a site under load, restore it into `folder/new`; when each row was acknowledged."""
    server = EmbeddedServer(folder / "data" / "postgres").start()
    server.ensure_database()
    with psycopg.connect(server.url()) as connection:
        connection.execute(_TABLES)
    settings = Settings(
        _env_file=None,
        environment="test",
        secret_key="a key for the benchmark and nothing else",
        data_dir=folder / "data",
        database_url=normalize_database_url(server.url()),
    )
    site = School(folder, server, settings)
    stream = site.aada(
        "backup", "stream", str(folder / "second"), *(("--synchronous",) if synchronous else ())
    )
    _wait_for(stream, "Every commit waits" if synchronous else "a full backup")
    acknowledged: dict[int, float] = {}
    threads = [
        threading.Thread(target=_write, args=(server.url(), one * _EACH, acknowledged))
        for one in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    status = server.status()
    os.kill(status.pid or 0, signal.SIGKILL)
    shutil.rmtree(folder / "data", ignore_errors=True)
    for thread in threads:
        thread.join()
    shutil.rmtree(folder / "data", ignore_errors=True)
    stream.terminate()
    stream.communicate(timeout=60)
    restored = site.aada(
        "restore", "--from", str(folder / "second"), "--to", "latest", "--into", str(folder / "new")
    )
    said, _ = restored.communicate(timeout=300)
    if restored.returncode != 0:
        raise SystemExit(said)
    return acknowledged


def _write(url: str, first: int, acknowledged: dict[int, float]) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        for number in range(first, first + _EACH):
            connection.execute("INSERT INTO kept VALUES (%s)", (number,))
            acknowledged[number] = time.monotonic()


def _wait_for(process: subprocess.Popen[str], sentence: str) -> None:
    said = []
    while process.stdout is not None and (line := process.stdout.readline()):
        said.append(line)
        if sentence in line:
            return
    raise SystemExit("".join(said))


if __name__ == "__main__":
    main()
