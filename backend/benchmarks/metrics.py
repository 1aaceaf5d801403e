"""What an answer of /metrics costs, in milliseconds, beside its parts.

    ../.venv/bin/python -m benchmarks.metrics [--routes 450] [--requests 100]

On a database of its own with every table, and with requests counted of so many routes by eight processes: more than a
school's day has. The goal is 20 ms. Processor time of the program and of the database's process are given too, as
neighbors on the machine matter little to them.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from app.db.session import Database
from app.ops import migrations, roles
from app.ops.metrics import exported, queries
from app.ops.metrics.board import BOARD
from app.ops.metrics.measured import measure
from app.ops.postgres import EmbeddedServer
from app.setting_values import normalize_database_url
from app.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--routes", type=int, default=450)
    parser.add_argument("--requests", type=int, default=100)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with EmbeddedServer(Path(folder) / "postgres", durable=False) as server:
            server.ensure_database()
            settings = Settings(
                _env_file=None,
                secret_key="k" * 32,
                aada_app_password="a password for this run",
                data_dir=Path(folder),
                database_url=normalize_database_url(server.url()),
            )
            list(migrations.upgrade(settings))
            roles.set_app_password(settings)
            for process in range(8):
                BOARD.settle(process)
                BOARD.note_pool(10)
                for route in range(given.routes):
                    BOARD.observe("GET", f"/a-room/of-the-school/{{number}}/page-{route}", 200, route / 100)
            database = Database(settings)
            _report(settings, database, given.requests)
            database.close()


def _report(settings: Settings, database: Database, requests: int) -> None:
    with database.begin() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))  # the pool gives the same connection again

    def ask(what: Callable[[], object]) -> tuple[float, float, float, float]:
        what()
        walls, begun, asked = [], time.thread_time(), _cpu_seconds(backend)
        for _ in range(requests):
            before = time.perf_counter()
            what()
            walls.append((time.perf_counter() - before) * 1000)
        cpu = (time.thread_time() - begun) * 1000 / requests
        database_cpu = (_cpu_seconds(backend) - asked) * 1000 / requests
        return statistics.median(walls), statistics.quantiles(walls, n=20)[-1], cpu, database_cpu

    def asking() -> None:
        with database.begin() as session:
            measure(session, settings)
            queries.tables(session)
            queries.unused_indexes(session)
            queries.statements(session)

    size = len(exported.text(settings, database))
    print(f"{'':24}{'median ms':>10}{'p95 ms':>10}{'CPU ms':>10}{'server ms':>11}")
    for name, what in (
        ("/metrics", lambda: exported.text(settings, database)),
        ("the database’s part", asking),
        ("the routes’ sums", BOARD.routes),
    ):
        median, p95, cpu, server = ask(what)
        print(f"{name:24}{median:>10.1f}{p95:>10.1f}{cpu:>10.1f}{server:>11.1f}")
    print(f"{size / 1024:.0f} KB")


def _cpu_seconds(process: int | None) -> float:
    """The processor time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
