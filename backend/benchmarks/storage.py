"""Bytes of database for each student, by table, and of write-ahead log (WAL).

    ../.venv/bin/python -m benchmarks.storage [--students 200]

A school as in `benchmarks.pages_school`, with the statements that the system itself stores of it: clocking in and out,
lessons opened, begun, completed and left. Tables are as they are after VACUUM; indexes as writing has left them. The
WAL is what these writes took, without the images of whole pages that follow each checkpoint.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from app.core import clock
from app.db.session import Database
from app.lrs import own_statements as own
from app.lrs import vocabulary
from app.lrs.own_statements import About
from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_school import prepared
from benchmarks.pages_school import COMPLETED_LESSONS, DAYS, LESSONS, MODULES, PROGRAMS, fill

HOME = "http://localhost:8000"
JsonObject = dict[str, Any]
_SIZES = """
SELECT c.relname, pg_relation_size(c.oid), coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0),
  pg_indexes_size(c.oid), c.reltuples::bigint
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 14
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
WHERE indrelid::regclass::text LIKE 'xapi_statement%' ORDER BY 2 DESC
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as folder:
        Path(folder).chmod(0o711)  # open to the server's own user
        with EmbeddedServer(Path(folder) / "postgres") as server:
            settings = prepared(server, "storage", Path(folder))
            url = server.url("storage")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")
                begun = _written(connection)
                fill(settings, url, options.students)
                school = _written(connection)
                database = Database(settings)
                number = _statements(database, options.students)
                database.close()
                stated = _written(connection)
                connection.execute("VACUUM ANALYZE")
                show(connection, options.students, number)
            print(
                f"WAL: school {(school - begun) / options.students:,.0f} bytes a student,"
                f" statements {(stated - school) / options.students:,.0f}"
                f" ({(stated - school) / number:,.0f} a statement)"
            )


def _written(connection: psycopg.Connection[Any]) -> int:
    """Bytes of WAL so far, without images of pages."""
    row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])


def show(connection: psycopg.Connection[Any], students: int, statements: int) -> None:
    print(f"{students:,} students, {statements / students:,.0f} statements each; bytes a student\n")
    print(f"{'table':34}{'rows':>8}{'table':>10}{'toast':>8}{'indexes':>10}{'together':>10}")
    total = 0
    for name, table, toast, indexes, rows in connection.execute(_SIZES).fetchall():
        total += table + toast + indexes
        print(
            f"{name:34}{rows / students:8,.0f}{table / students:10,.0f}{toast / students:8,.0f}"
            f"{indexes / students:10,.0f}{(table + toast + indexes) / students:10,.0f}"
        )
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    print(f"{'these together':70}{total / students:10,.0f}")
    print(f"{'the whole database':70}{row[0] / students:10,.0f}\n")
    for name, size in connection.execute(_INDEXES).fetchall():
        print(f"{name:50}{size / students:10,.0f}   {size / statements:6,.0f} a statement")


def _statements(database: Database, students: int) -> int:
    """In the order in which they happen: everybody's day, then the next one."""
    batch: list[JsonObject] = []
    number = 0
    for one in _of_school(students):
        batch.append(one)
        if len(batch) == 200:
            number += _store(database, batch)
            batch = []
    return number + _store(database, batch)


def _store(database: Database, batch: list[JsonObject]) -> int:
    with database.begin() as session:
        return own.store_own(session, batch)


def _of_school(students: int) -> Iterator[JsonObject]:
    pick = random.Random(4)
    begun = clock.now() - timedelta(days=DAYS * 7 // 5)
    taken = dict.fromkeys(range(1, students + 1), 0)
    for day in range(DAYS):
        for number in range(1, students + 1):
            program = number % PROGRAMS + 1
            whole = About(f"/programs/{program}", f"Program {program}", vocabulary.PROGRAM)
            hours = About(f"/programs/{program}/hours", f"Program {program}: clock hours", vocabulary.MEETING)
            morning = begun + timedelta(days=day * 7 // 5, seconds=pick.randrange(7_200))
            yield _stated(number, vocabulary.INITIALIZED, hours, morning, (whole,))
            if taken[number] < COMPLETED_LESSONS * (day + 1) / DAYS:
                lesson = (program - 1) * MODULES * LESSONS + taken[number] + 1
                taken[number] += 1
                yield from _lesson(number, lesson, whole, morning + timedelta(minutes=20), pick)
            minutes = pick.randrange(180, 420)
            worked = {"duration": f"PT{minutes // 60}H{minutes % 60}M"}
            yield _stated(
                number, vocabulary.ATTENDED, hours, morning + timedelta(minutes=minutes), (whole,), worked
            )


def _lesson(number: int, lesson: int, whole: About, at: Any, pick: random.Random) -> Iterator[JsonObject]:
    module = (lesson - 1) // LESSONS + 1
    about = About(f"/lessons/{lesson}", f"Lesson {lesson}", vocabulary.LESSON)
    around = (About(f"/modules/{module}", f"Module {module}", vocabulary.MODULE), whole)
    part = About(f"/lessons/{lesson}/parts/item_1", f"Lesson {lesson}", vocabulary.PART)
    inside = (about, *around)
    raw = pick.randrange(50, 101)
    score = {"score": {"scaled": raw / 100, "raw": raw, "min": 0, "max": 100}}
    minutes = pick.randrange(5, 50)
    end = at + timedelta(minutes=minutes)
    yield _stated(number, vocabulary.LAUNCHED, part, at, inside)
    yield _stated(number, vocabulary.INITIALIZED, part, at, inside)
    passed = {**score, "completion": True, "success": True}
    yield _stated(number, vocabulary.PASSED, part, end, inside, passed)
    yield _stated(number, vocabulary.TERMINATED, part, end, inside, {"duration": f"PT{minutes}M"})
    yield _stated(number, vocabulary.COMPLETED, about, end, around, {**score, "completion": True})
    progress = {"completion": False, "extensions": {vocabulary.PROGRESS: 40}}
    yield _stated(number, vocabulary.PROGRESSED, whole, end, (), progress)


def _stated(
    number: int,
    verb: vocabulary.Verb,
    about: About,
    at: Any,
    parents: tuple[About, ...],
    result: JsonObject | None = None,
) -> JsonObject:
    return own.statement_of(
        HOME,
        uuid4(),
        person=(number, f"Student Number {number}"),
        verb=verb,
        about=about,
        at=at,
        registration=own.registration_of(HOME, number),
        parents=parents,
        result=result,
    )


if __name__ == "__main__":
    main()
