"""Importing enrollments: what a row means."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Actor, Role
from app.db.models import Enrollment, EnrollmentStatus
from app.db.row_marks import marks, referring
from app.enrollment import policy, queries
from app.settings import Settings
from app.web import imports
from app.web.imports import Fault, Field, ImportKind, Made, Row, readers

EMAIL, PROGRAM, ENROLLED = "Email", "Program", "Enrolled"


def _email(text: str) -> str:
    if "@" not in text or len(text) > 320:
        raise ValueError("Enter the email address that the student signs in with, such as name@example.org.")
    return text.lower()


def _programs(session: Session) -> Mapping[str, list[tuple[int, str]]]:
    """Programs by number and by name, whatever its case."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number, name in queries.program_names(session):
        for key in (str(number), _key(name)):
            found.setdefault(key, []).append((number, name))
    return found


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _check(session: Session, _subject: Actor, settings: Settings, rows: Sequence[Row]) -> Iterable[Fault]:
    """Students and programs that are not there, enrollments that are there already, days that are not here yet."""
    people = queries.accounts_by_emails(session, {row.values["email"] for row in rows})
    active = queries.active_pairs(session, [person.id for person in people.values()])
    programs = _programs(session)
    today = clock.today(settings.zone)
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        email, title = row.values["email"], row.values["program"]
        person, called = people.get(email), programs.get(_key(title), [])
        if person is None or person.deleted_at is not None:
            message = "Nobody has an account with this address. Import the student under People first, or correct it."
            yield Fault(row.number, EMAIL, email, message)
        elif person.role is not Role.STUDENT:
            yield Fault(
                row.number, EMAIL, email, f"{person.full_name} is not a student; only students are enrolled."
            )
        elif accounts.status_of(person) == "applicant":
            message = f"{person.full_name} is an applicant. Accept the application under Admissions first."
            yield Fault(row.number, EMAIL, email, message)
        if len(called) != 1:
            message = (
                "Several programs have this name. Write the program's number instead; its address ends with it."
                if called
                else "There is no program of this name. Write the name as the list of programs shows it."
            )
            yield Fault(row.number, PROGRAM, title, message)
        begins: date | None = row.get("enrolled_at")
        if begins is not None and begins > today:
            message = "This date lies in the future. Enter today's or an earlier date."
            yield Fault(row.number, ENROLLED, begins.isoformat(), message)
        if person is None or len(called) != 1:
            continue
        number, name = called[0]
        if (email, number) in seen:
            message = (
                f"Row {seen[email, number]:,} enrolls the same student in {name}. Delete one of the two rows."
            )
            yield Fault(row.number, PROGRAM, title, message)
        elif (person.id, number) in active:
            message = f"{person.full_name} has an active enrollment in {name} already. Delete the row."
            yield Fault(row.number, PROGRAM, title, message)
        seen.setdefault((email, number), row.number)


def _insert(session: Session, subject: Actor, settings: Settings, rows: Sequence[Row]) -> list[Made]:
    """New active enrollments with their history, in a handful of statements whatever their number."""
    policy.require_change(subject)
    people = queries.accounts_by_emails(session, {row.values["email"] for row in rows})
    programs = _programs(session)
    today = clock.today(settings.zone)
    records = queries.add_enrollments(
        session,
        [
            {
                "user_id": people[row.values["email"]].id,
                "program_id": programs[_key(row.values["program"])][0][0],
                "status": EnrollmentStatus.ACTIVE,
                "enrolled_at": row.get("enrolled_at") or today,
            }
            for row in rows
        ],
    )
    history.record_all(session, subject, Action.ENROLLMENT_CREATED, (_event(record) for record in records))
    found = marks(session, Enrollment, [record.id for record in records])
    return [Made(number, mark) for number, mark in sorted(found.items())]


def _event(record: Enrollment) -> dict[str, Any]:
    return {
        "target_id": record.id,
        "student_id": record.user_id,
        "enrollment_id": record.id,
        "program_id": record.program_id,
        "enrolled_at": record.enrolled_at,
    }


def _undo(session: Session, subject: Actor, made: Sequence[Made]) -> None:
    """Take the enrollments away. Conflict when one was changed, or something was recorded in it."""
    policy.require_change(subject)
    ids = [one.record_id for one in made]
    # Locked, so that nothing is recorded between the look and the end.
    queries.lock_enrollments(session, ids)
    now = marks(session, Enrollment, ids)
    changed = sum(now.get(one.record_id) != one.mark for one in made)
    if changed:
        raise Conflict(
            f"{changed:,} of the {len(made):,} enrollments have changed since the import: someone has progressed, "
            "completed or withdrawn. Nothing was undone; withdraw the others one by one."
        )
    used = referring(session, Enrollment, ids)
    if used:
        records = ", ".join(name.replace("_", " ") for name in used)
        raise Conflict(
            f"Some of the {len(made):,} enrollments have records already ({records}). Nothing was undone; withdraw "
            "the students one by one instead."
        )
    queries.remove_enrollments(session, ids)


imports.register(
    ImportKind(
        name="enrollments",
        title="Enrollments",
        noun="enrollments",
        fields=(
            Field(
                "email",
                "Email",
                _email,
                aliases=("Email address", "Student email", "Student", "Mail", "Username"),
                example="maria@example.org",
            ),
            Field(
                "program",
                "Program",
                readers.line,
                aliases=("Program name", "Course", "Program number", "Class"),
                help="The name of the program, or its number",
                example="Dental Assistant Professional",
            ),
            Field(
                "enrolled_at",
                "Enrolled",
                readers.day,
                required=False,
                aliases=("Enrollment date", "Date enrolled", "Start date", "Start", "Date"),
                help="11/25/2026 or 2026-11-25; empty for today",
                example="11/25/2026",
            ),
        ),
        require=policy.require_change,
        check=_check,
        insert=_insert,
        undo=_undo,
        back="/enrollments",
    )
)
