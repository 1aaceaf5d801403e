"""The pages that grow with a school, at three sizes: milliseconds with one client, processor time, and C against A.

    ../.venv/bin/python -m benchmarks.pages [--keep DIRECTORY] [--rounds 3] [--only PART-OF-A-NAME] [--sizes A,B,C]

School A has 200 students, B 2,000, C 20,000 with 2.1 million attendance records and 336,000 lesson completions. They
are written by COPY into databases of one embedded server; with `--keep` that server stays in the directory, and the
next run takes the schools from there, migrated. Each school is served by a process of its own, and the three take
turns, so that whatever else the machine does meets them alike.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from benchmarks.lrs_clients import Line, Meter
from benchmarks.lrs_school import SERVE
from benchmarks.pages_school import cookies, fill

SIZES = {"A": 200, "B": 2_000, "C": 20_000}
REQUESTS = 8
"""Requests of one school in a row, in each round."""
PATIENCE_SECONDS = 2
"""A page that takes longer than this for them is asked less often."""
STAFF, STUDENT = 0, 1
PAGES = (
    ("Today (staff)", STAFF, "/", 60),
    ("Attendance", STAFF, "/attendance", 60),
    ("Attendance, page 400", STAFF, "/attendance?page=400", 80),
    ("Attendance with search", STAFF, "/attendance?q=lopez", 60),
    ("Attendance without clock-out", STAFF, "/attendance?state=needs_correction", 60),
    ("Here now", STAFF, "/attendance/here", 60),
    ("Hours by student", STAFF, "/attendance/students", 80),
    ("Hours by student, by name", STAFF, "/attendance/students?sort=student", 80),
    ("Enrollments", STAFF, "/enrollments", 50),
    ("Enrollments with search", STAFF, "/enrollments?q=lopez", 50),
    ("People", STAFF, "/people", 40),
    ("Graduation list", STAFF, "/enrollments/graduation", 40),
    ("A student's page", STAFF, "/people/2", 40),
    ("Search", STAFF, "/search?q=maria+lopez", 40),
    ("Student's Today", STUDENT, "/", 12),
    ("Student's Learn", STUDENT, "/learn", 12),
    ("Student's Hours", STUDENT, "/hours", 12),
)
"""Name, who asks, address, and the most milliseconds it may take at C."""


@dataclass(frozen=True)
class Served:
    """A school that answers: the port, both cookies, and the meter of its processor time."""

    port: int
    cookies: tuple[str, str]
    meter: Meter

    def get(self, who: int, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookies[who]}\r\n\r\n".encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="where the server and its schools stay")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--sizes", default="A,B,C")
    options = parser.parse_args()
    sizes = {name: SIZES[name] for name in options.sizes.split(",")}
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-pages-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        server = stack.enter_context(EmbeddedServer(folder / "postgres"))
        prepared = {name: school(server, name, students, folder) for name, students in sizes.items()}
        served = {
            name: stack.enter_context(serving(prepared[name], sizes[name], server.status().pid or 0))
            for name in sizes
        }
        measure(served, options.rounds, options.only)


def school(server: EmbeddedServer, name: str, students: int, folder: Path) -> Settings:
    """Settings for this school's database, which is made unless it is there."""
    database = f"school_{name.lower()}"
    server.ensure_database(database)
    settings = Settings(
        _env_file=None,
        database_url=server.url(database),
        secret_key="a key for the benchmark and nothing else",
        aada_app_password="for-the-benchmark",
        data_dir=folder / f"data-{name}",
        log_level="ERROR",
    )
    begun = time.perf_counter()
    migrations.upgrade(settings)
    roles.set_app_password(settings)
    url = server.url(database)
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM users").fetchone()
        there = row is not None and row[0] > students
    if not there:
        fill(settings, url, students)
    with psycopg.connect(url, autocommit=True) as connection:
        # People who are clocked in have been so for a while, not since the schools were made.
        connection.execute(
            "UPDATE attendance SET clock_in = now() - interval '2 hours' + random() * interval '1 hour'"
            " WHERE clock_out IS NULL"
        )
        connection.execute("VACUUM ANALYZE")
    print(f"school {name}: {students:,} students, {time.perf_counter() - begun:.0f} s", flush=True)
    return settings


@contextmanager
def serving(settings: Settings, students: int, database_pid: int) -> Iterator[Served]:
    """The school in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "DATABASE_URL": str(settings.database_url),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "for-the-benchmark",
        "DATA_DIR": str(settings.data_dir),
        "LOG_LEVEL": "ERROR",
        "STUDENT_ROLE": str(settings.student_role),
    }
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env={**os.environ, **environment})
    try:
        for _ in range(6000):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Served(port, cookies(settings, students), Meter(process.pid, database_pid))
    finally:
        process.terminate()
        process.wait()


def measure(served: dict[str, Served], rounds: int, only: str) -> None:
    """Print the table: wall-clock medians, and the processor time of program and database for each request."""
    first, last = next(iter(served)), list(served)[-1]
    heads, ratio = "".join(f"{name:>8}" for name in served), f"{last}/{first}"
    print(f"\n{'':30}{'ms, one client':>{8 * len(served)}}{'':15}processor ms, program + database")
    print(f"{'':30}{heads}{'goal':>7}{ratio:>8}   {''.join(f'{name:>14}' for name in served)}{ratio:>8}")
    for label, who, path, goal in PAGES:
        if only.lower() not in label.lower():
            continue
        taken: dict[str, list[float]] = {name: [] for name in served}
        used: dict[str, list[tuple[float, float]]] = {name: [] for name in served}
        for turn in range(rounds + 1):
            for name, one in served.items():
                times, cost = block(one, one.get(who, path), REQUESTS if turn else 2)
                if turn:  # the first round warms up
                    taken[name] += times
                    used[name].append(cost)
        medians = {name: statistics.median(values) for name, values in taken.items()}
        costs = {name: [statistics.mean(part) for part in zip(*of, strict=True)] for name, of in used.items()}
        cells = "".join(f"{value:8.1f}" for value in medians.values())
        shares = "".join(f"{program:8.1f} +{database:4.0f}" for program, database in costs.values())
        missed = " " if medians[last] <= goal else "!"
        grown = sum(costs[last]) / sum(costs[first])
        print(
            f"{label:30}{cells}{goal:6}{missed}{medians[last] / medians[first]:8.2f}   {shares}{grown:8.2f}",
            flush=True,
        )


def block(one: Served, request: bytes, most: int) -> tuple[list[float], tuple[float, float]]:
    """Milliseconds of each request, and processor milliseconds of program and database for one."""
    line, times = Line(one.port), list[float]()
    line.socket.settimeout(60)
    one.meter.read()
    begun = time.perf_counter()
    while len(times) < most and time.perf_counter() - begun < PATIENCE_SECONDS:
        begin = time.perf_counter()
        status, _body = line.ask(request)
        times.append((time.perf_counter() - begin) * 1000)
        assert status == 200, (request, status)
    program, database = one.meter.read()
    line.socket.close()
    return times, (program * 1000 / len(times), database * 1000 / len(times))


if __name__ == "__main__":
    main()
