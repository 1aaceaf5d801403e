"""A list of 200,000 rows as each of its files: the memory it takes, and how much it grows with the rows.

    ../.venv/bin/python -m benchmarks.reports [rows]

Makes a server of its own and throws it away. Each file is written by a process of its own, for a tenth of the rows and
for all of them: what matters is that the second takes no more memory than the first.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select

from app.core.permissions import Role, Subject
from app.db.models import User
from app.db.session import Database
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.reports import Column, Kind, Report, answers

PEOPLE = Report[User](
    name="people",
    title="People",
    columns=(
        Column("id", "Number", lambda user: user.id, Kind.NUMBER),
        Column("full_name", "Name", lambda user: user.full_name),
        Column("email", "Email", lambda user: user.email),
        Column("role", "Role", lambda user: user.role, Kind.STATUS),
        Column("created_at", "Added", lambda user: user.created_at, Kind.MOMENT),
    ),
)


def settings_of(url: str, folder: str) -> Settings:
    return Settings(
        _env_file=None,
        environment="test",
        database_url=url,
        aada_app_password="for this benchmark alone",
        secret_key="a key for this benchmark alone, of good length",
        data_dir=Path(folder) / "data",
    )


def write(url: str, folder: str, form: str, most: int, answer: Any) -> None:
    """In a process of its own: the peak of its memory before and after, in MiB, the seconds, the file's size."""
    settings = settings_of(url, folder)
    database = Database(settings)
    admin = Subject(1, "a@example.org", "Ada", Role.ADMIN)
    with database.begin() as session:
        session.execute(select(1))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        listing = Listing[User](session, select(User).order_by(User.id).limit(most), Paging())
        response = answers.file_of(session, admin, PEOPLE, listing, form)
        seconds = time.perf_counter() - start
        size = int(response.headers["content-length"])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    database.close()
    answer.put((before, after, seconds, size))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "pg") as server:
        server.ensure_database("bench")
        url = str(server.url("bench"))
        settings = settings_of(url, folder)
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            with cursor.copy("COPY users (full_name, email, role, hashed_password) FROM STDIN") as copy:
                for number in range(rows):
                    copy.write_row((f"Ana O'Hara-Núñez {number}", f"p{number}@example.org", "student", "!"))
            connection.commit()
        print(
            f"{'file':6}{'rows':>10}{'MiB before':>12}{'MiB peak':>10}{'growth':>8}{'seconds':>9}{'file MiB':>10}"
        )
        for form in ("csv", "json", "xlsx"):
            for most in (rows // 10, rows):
                answer = spawn.Queue()
                process = spawn.Process(target=write, args=(url, folder, form, most, answer))
                process.start()
                before, after, seconds, size = answer.get(timeout=120)
                process.join()
                growth = after - before
                print(
                    f"{form:6}{most:>10,}{before:>12.1f}{after:>10.1f}{growth:>8.1f}{seconds:>9.1f}"
                    f"{size / 2**20:>10.1f}"
                )


if __name__ == "__main__":
    main()
