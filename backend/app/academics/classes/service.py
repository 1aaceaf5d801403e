"""Classes: made, given a timetable and instructors, filled with students, looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.academics.classes import policy, queries
from app.academics.classes import visibility as _visibility
from app.academics.classes.changing import found, wrong
from app.academics.classes.instructors import add_instructor, end_instructor
from app.academics.classes.links import ClassLink, register_link
from app.academics.classes.roster.service import (
    add_students,
    candidates,
    end_seats,
    remove_students,
    roster,
    seated_on,
)
from app.academics.classes.schedule import (
    add_change,
    add_weekly,
    remove_change,
    remove_weekly,
    replace_weekly,
)
from app.academics.classes.schemas import (
    ClassFields,
    ClassMeetingToday,
)
from app.academics.classes.timetable import (
    double_bookings,
    meetings_by_enrollment,
    meetings_of,
    module_names,
    scheduled_minutes,
    seated_meetings,
    sits_in_class,
    timetables,
    today,
)
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Subject, internal
from app.db.models import ClassChange, ClassMeeting, SchoolClass
from app.rules.meetings import Meeting
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "ClassLink",
    "ClassMeetingToday",
    "ClassView",
    "add_change",
    "add_instructor",
    "add_students",
    "add_weekly",
    "candidates",
    "choices",
    "create",
    "delete",
    "end_instructor",
    "end_seats",
    "list_classes",
    "meetings",
    "meetings_by_enrollment",
    "module_names",
    "read",
    "register_link",
    "remove_change",
    "remove_students",
    "remove_weekly",
    "replace_weekly",
    "roster",
    "scheduled_minutes",
    "seated_meetings",
    "seated_on",
    "sits_in_class",
    "staff_choices",
    "teaches",
    "teaches_program",
    "today",
    "update",
]
CLOSES_AFTER = _visibility.CLOSES_AFTER
MOST_TERM_DAYS = 800


@dataclass(frozen=True, slots=True)
class ClassView:
    """A class with its timetable, its instructors and what is double-booked (sentences)."""

    record: Row[Any]
    weekly: Sequence[ClassMeeting]
    changes: Sequence[ClassChange]
    teachers: Sequence[Row[Any]]
    warnings: list[str]


# Looking


def list_classes(
    session: Session,
    subject: Subject,
    paging: Paging,
    zone: ZoneInfo,
    *,
    program_id: int | None = None,
    current: bool = False,
) -> Listing[Any]:
    """Classes that this person may see, newest first. Sorts: code, name, program, starts, ends, room, students."""
    policy.require_list(subject)
    teacher = None if policy.may_read_all(subject) else subject.user_id
    return queries.classes(
        session, paging, clock.today(zone), teacher_id=teacher, program_id=program_id, current=current
    )


def read(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> ClassView:
    """One class. NotFound for one that this person may not see."""
    record = readable(session, subject, class_id, zone)
    listed = queries.listed(session, class_id, clock.today(zone))
    assert listed is not None  # noqa: S101 -- it has just been read
    known = timetables(session, [class_id])[class_id]
    return ClassView(
        listed,
        known.weekly,
        known.changes,
        queries.instructors_of(session, [class_id]),
        double_bookings(session, record, zone) if policy.may_manage(subject) else [],
    )


def meetings(
    session: Session,
    subject: Subject,
    class_id: int,
    zone: ZoneInfo,
    first: date | None = None,
    last: date | None = None,
) -> list[Meeting]:
    """The meetings of a class within its term, or within a part of it, in order."""
    return meetings_of(session, readable(session, subject, class_id, zone), zone, first, last)


def readable(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> SchoolClass:
    """The class, or NotFound where this person may not see it."""
    policy.require_list(subject)
    teaches = queries.teaches(session, class_id, subject.user_id, clock.today(zone))
    policy.require_read(subject, teaches=teaches)
    return found(session, class_id)


@internal("says of the person who asks alone whether a class is theirs")
def teaches(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> bool:
    """Whether this person teaches the class, now or from a later day on."""
    return queries.teaches(session, class_id, subject.user_id, clock.today(zone))


@internal("says of the person who asks alone whether a program is theirs to teach")
def teaches_program(session: Session, user_id: int, program_id: int, today: date) -> bool:
    """Whether this person teaches a class of the program, now or from a later day on."""
    return queries.teaches_program(session, program_id, user_id, today)


def choices(session: Session, subject: Subject) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Programs and modules to choose from, as number and name."""
    policy.require_list(subject)
    return (
        [(row.id, row.name) for row in queries.program_choices(session)],
        [(row.id, f"{row.program} – {row.name}") for row in queries.module_choices(session)],
    )


def staff_choices(session: Session, subject: Subject) -> list[tuple[int, str]]:
    """Who can teach, as number and name."""
    policy.require_read_all(subject)
    return [(row.id, row.full_name) for row in queries.staff(session)]


# Making and changing


def create(session: Session, subject: Subject, values: ClassFields) -> SchoolClass:
    """Make a class. Invalid for a term that ends before it begins and for a module of another program."""
    policy.require_manage(subject)
    record = SchoolClass(**values.model_dump())
    _check(session, record)
    queries.add(session, record)
    history.record(session, subject, Action.CLASS_CREATED, record.id, code=record.code, name=record.name)
    return record


def update(session: Session, subject: Subject, class_id: int, changes: Mapping[str, Any]) -> SchoolClass:
    """Change a class. Its program stays once students have sat in it; capacity may not fall below its students."""
    policy.require_manage(subject)
    record = found(session, class_id, lock=True)
    changed: dict[str, list[str | None]] = {}
    for name, value in changes.items():
        old = getattr(record, name)
        if old != value:
            changed[name] = [None if item is None else str(item) for item in (old, value)]
            setattr(record, name, value)
    if not changed:
        return record
    with session.no_autoflush:
        _check(session, record)
        if "program_id" in changed and queries.has_seats(session, class_id):
            raise wrong(
                "program_id", "This class has students, so its program cannot change. Create another class."
            )
    session.flush()
    history.record(session, subject, Action.CLASS_UPDATED, class_id, code=record.code, changed=changed)
    return record


def delete(session: Session, subject: Subject, class_id: int) -> None:
    """Delete a class that nobody has sat in. Conflict otherwise: rosters are kept."""
    policy.require_manage(subject)
    record = found(session, class_id, lock=True)
    if queries.has_seats(session, class_id):
        raise Conflict("Students have been in this class, so its history is kept. Set a last day instead.")
    code = record.code
    queries.remove(session, SchoolClass, class_id)
    session.expire_all()
    history.record(session, subject, Action.CLASS_DELETED, class_id, code=code)


def _check(session: Session, record: SchoolClass) -> None:
    if record.ends_on < record.starts_on:
        raise wrong("ends_on", "The last day is before the first day.")
    if (record.ends_on - record.starts_on).days > MOST_TERM_DAYS:
        raise wrong("ends_on", "A class can last at most two years. Check both dates.")
    if not queries.program_exists(session, record.program_id):
        raise wrong("program_id", "This program does not exist; it may have been deleted.")
    if (
        record.module_id is not None
        and queries.module_program(session, record.module_id) != record.program_id
    ):
        raise wrong("module_id", "This module belongs to another program.")
