"""Schools of 200, 2,000 and 20,000 students, written by COPY: what the pages' benchmark asks for."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg

from app.core import clock
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.demo.people import FIRST_NAMES, LAST_NAMES
from app.school import service as school
from app.settings import Settings

PROGRAMS, MODULES, LESSONS = 4, 5, 8
"""Programs, modules of a program, lessons of a module."""
DAYS = 105
"""School days that each student has attended, one record a day."""
HERE_NOW = 0.05
COMPLETED_LESSONS = 16.8
"""Lessons that a student has completed, on average."""


def fill(settings: Settings, url: str, students: int) -> None:
    """Write a school of so many students into an empty, migrated database."""
    database = Database(settings)
    with database.begin() as session:
        school.ensure(session, settings)
    database.close()
    with psycopg.connect(url) as connection:
        _catalog(connection)
        _people(connection, students)
        _enrollments(connection, students)
        _attendance(connection, students)
        _learning(connection, students)
        _history(connection, students)
        for table in ("users", "programs", "modules", "lessons", "enrollments"):
            connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _copy(
    connection: psycopg.Connection[Any], table: str, columns: str, rows: Iterator[tuple[Any, ...]]
) -> None:
    """Append rows as text; None is NULL, and no value holds a tab, a line's end or a backslash."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        lines: list[str] = []
        for row in rows:
            lines.append("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
            if len(lines) == 5_000:
                copy.write("".join(lines))
                lines.clear()
        copy.write("".join(lines))


def _catalog(connection: psycopg.Connection[Any]) -> None:
    _copy(
        connection,
        "programs",
        "id, name, total_credits, duration_weeks, tuition_amount_cents, clock_hours",
        ((number, f"Program {number}", 60, 52, 1_200_000, 900) for number in range(1, PROGRAMS + 1)),
    )
    modules = PROGRAMS * MODULES
    _copy(
        connection,
        "modules",
        "id, program_id, name, order_num",
        ((one, (one - 1) // MODULES + 1, f"Module {one}", one) for one in range(1, modules + 1)),
    )
    _copy(
        connection,
        "lessons",
        "id, module_id, title, content_type, content_url, order_num, estimated_minutes",
        (
            (one, (one - 1) // LESSONS + 1, f"Lesson {one}", "document", "https://example.org/", one, 30)
            for one in range(1, modules * LESSONS + 1)
        ),
    )


def _people(connection: psycopg.Connection[Any], students: int) -> None:
    pick = random.Random(1)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, students + 1):
            name = f"{pick.choice(FIRST_NAMES)} {pick.choice(LAST_NAMES)}"
            left = "2026-01-05 12:00+00" if number % 100 == 0 else None
            yield number, f"student{number}@school.example", "!", name, "student", left
        yield students + 1, "admin@school.example", "!", "Ruth Bennett", "admin", None

    _copy(connection, "users", "id, email, hashed_password, full_name, role, deleted_at", rows())


def _enrollments(connection: psycopg.Connection[Any], students: int) -> None:
    begun = clock.now().date() - timedelta(days=DAYS * 7 // 5 + 7)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, students + 1):
            status, done, percent = "active", None, 42
            if number % 20 == 0:
                status, done, percent = "completed", clock.now().date(), 100
            elif number % 20 == 1 and number > 1:
                status = "withdrawn"
            elif number % 50 == 7:
                percent = 100
            enrolled = begun - timedelta(days=number % 200)
            yield number, number, number % PROGRAMS + 1, status, enrolled, done, percent

    _copy(
        connection,
        "enrollments",
        "id, user_id, program_id, status, enrolled_at, completed_at, progress_pct",
        rows(),
    )
    connection.execute(
        """
        INSERT INTO withdrawals (user_id, enrollment_id, requested_at, reason, admin_processed_at)
        SELECT user_id, id, now() - interval '3 days', 'moving away', CASE WHEN id % 400 > 1 THEN now() END
        FROM enrollments WHERE status = 'withdrawn'
        """
    )


def school_days(last: date) -> list[date]:
    """The weekdays before a day that were attended, the first one first."""
    found: list[date] = []
    while len(found) < DAYS:
        last -= timedelta(days=1)
        if last.weekday() < 5:
            found.append(last)
    return found[::-1]


def _attendance(connection: psycopg.Connection[Any], students: int) -> None:
    """A record a day in the order in which the clock wrote them; some cross midnight, some have no end."""
    pick = random.Random(2)
    now = clock.now()

    def rows() -> Iterator[tuple[Any, ...]]:
        # Nobody is here now who has not left an evening that ended at five in the morning.
        for day in school_days((now - timedelta(hours=9)).date()):
            morning = datetime.combine(day, time(13), UTC)
            for number in range(1, students + 1):
                chance = pick.random()
                if chance < 0.002:  # an evening that ends after midnight
                    begin, end = morning + timedelta(hours=13), morning + timedelta(hours=16)
                else:
                    begin = morning + timedelta(seconds=pick.randrange(7_200))
                    end = begin + timedelta(seconds=pick.randrange(3 * 3_600, 7 * 3_600))
                forgotten = chance > 0.9998
                yield number, number, begin, begin if forgotten else end, "t" if forgotten else "f"
        for number in range(1, students + 1):
            if pick.random() < HERE_NOW and number % 100:
                begin = now - timedelta(minutes=pick.randrange(5, 240))
                yield number, number, begin, None, "f"

    _copy(connection, "attendance", "user_id, enrollment_id, clock_in, clock_out, missing_clock_out", rows())


def _learning(connection: psycopg.Connection[Any], students: int) -> None:
    pick = random.Random(3)
    of_program = MODULES * LESSONS

    def rows() -> Iterator[tuple[Any, ...]]:
        moment = clock.now() - timedelta(days=30)
        for number in range(1, students + 1):
            first = (number % PROGRAMS) * of_program + 1
            done = int(COMPLETED_LESSONS + pick.uniform(-7.5, 8.5))
            for lesson in range(first, first + done):
                yield number, lesson, moment, "student"

    _copy(connection, "lesson_completions", "enrollment_id, lesson_id, completed_at, source", rows())


def _history(connection: psycopg.Connection[Any], students: int) -> None:
    """Ten entries a student, in the order in which they happened."""
    now = clock.now()

    def rows() -> Iterator[tuple[Any, ...]]:
        for turn in range(10):
            for number in range(1, students + 1):
                moment = now - timedelta(days=10 - turn, seconds=students - number)
                details = f'{{"clock_in": "{moment.isoformat()}"}}'
                yield (
                    moment,
                    moment,
                    number,
                    "A student",
                    "attendance.clocked_in",
                    "attendance",
                    number,
                    number,
                    details,
                )

    _copy(
        connection,
        "audit_log",
        "at, occurred_at, actor_id, actor_name, action, target, target_id, student_id, details",
        rows(),
    )


def cookies(settings: Settings, students: int) -> tuple[str, str]:
    """The cookies of an administrator and of the first student, signed in now."""
    from app.accounts.access import service as access
    from app.accounts.access.attempts import Visitor
    from app.accounts.cookies import cookie_name
    from app.accounts.people import service as people

    database = Database(settings)
    found = []
    with database.begin() as session:
        for number in (students + 1, 1):
            person = people.get_person(session, SYSTEM, number)
            signed = access.open_session(session, settings, person, Visitor())
            found.append(f"{cookie_name(settings)}={signed.secret}")
    database.close()
    return found[0], found[1]
