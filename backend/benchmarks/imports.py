"""Importing 1,000 people with their history, invitations and mails, beside a plain COPY of the same rows.

    ../.venv/bin/python -m benchmarks.imports [rows]

Makes a server of its own and throws it away. The two take turns, three times each.
"""

import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from app.accounts import service as _accounts  # noqa: F401 - people can be imported
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from app.web.imports import jobs, service

ROUNDS = 3


def people(count: int, mark: str) -> list[tuple[str, str]]:
    return [(f"Ana O'Hara-Núñez {number:05d}", f"{mark}{number}@example.org") for number in range(count)]


def imported(database: Database, settings: Settings, rows: list[tuple[str, str]]) -> dict[str, float]:
    file = io.BytesIO(("Name,Email\n" + "".join(f'"{name}",{email}\n' for name, email in rows)).encode())
    start = time.perf_counter()
    with database.begin() as session:
        record = service.send(session, SYSTEM, settings, open_store(settings), "people", file, "people.csv")
        assert record.rows_bad == 0, record.faults[:3]
        service.start(session, SYSTEM, open_store(settings), record.id, good_only=False)
    checked = time.perf_counter()
    jobs.work(database, settings, record.id)
    done = time.perf_counter()
    with database.begin() as session:
        assert service.find(session, SYSTEM, record.id).rows_done == len(rows)
    return {"send and check": checked - start, "import": done - checked}


def copied(url: str, rows: list[tuple[str, str]]) -> float:
    start = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY users (full_name, email, role, hashed_password) FROM STDIN") as copy:
            for name, email in rows:
                copy.write_row((name, email, "student", "!"))
        connection.commit()
    return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "pg") as server:
        server.ensure_database("bench")
        settings = Settings(
            _env_file=None,
            environment="test",
            database_url=server.url("bench"),
            aada_app_password="for this benchmark alone",
            secret_key="a key for this benchmark alone, of good length",
            data_dir=Path(folder) / "data",
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        database = Database(settings)
        found: dict[str, list[float]] = {}
        for turn in range(ROUNDS):
            for name, seconds in imported(database, settings, people(count, f"i{turn}-")).items():
                found.setdefault(name, []).append(seconds)
            found.setdefault("plain COPY", []).append(copied(server.url("bench"), people(count, f"c{turn}-")))
        database.close()
    print(f"{count:,} people, {ROUNDS} rounds, seconds (median, all):")
    for name, seconds_of in found.items():
        print(f"  {name:15} {statistics.median(seconds_of):6.2f}   {[round(one, 2) for one in seconds_of]}")


if __name__ == "__main__":
    main()
