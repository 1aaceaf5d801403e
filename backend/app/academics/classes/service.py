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
from app.academics.classes.links import ClassLink, register_link
from app.academics.classes.roster.service import (
    add_students,
    candidates,
    end_seats,
    remove_students,
    roster,
    seated_on,
)
from app.academics.classes.schemas import (
    ChangeFields,
    ClassFields,
    ClassMeetingToday,
    InstructorForm,
    WeeklyForm,
    WeeklyIn,
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
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Role, Subject, internal
from app.db.models import ClassChange, ClassInstructor, ClassMeeting, SchoolClass
from app.rules.meetings import WEEKDAYS, Meeting
from app.web.formats import long_date
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
    return _found(session, class_id)


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
    record = _found(session, class_id, lock=True)
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
            raise _wrong(
                "program_id", "This class has students, so its program cannot change. Create another class."
            )
    session.flush()
    history.record(session, subject, Action.CLASS_UPDATED, class_id, code=record.code, changed=changed)
    return record


def delete(session: Session, subject: Subject, class_id: int) -> None:
    """Delete a class that nobody has sat in. Conflict otherwise: rosters are kept."""
    policy.require_manage(subject)
    record = _found(session, class_id, lock=True)
    if queries.has_seats(session, class_id):
        raise Conflict("Students have been in this class, so its history is kept. Set a last day instead.")
    code = record.code
    queries.remove(session, SchoolClass, class_id)
    session.expire_all()
    history.record(session, subject, Action.CLASS_DELETED, class_id, code=code)


# The timetable


def add_weekly(session: Session, subject: Subject, class_id: int, values: WeeklyForm) -> None:
    """Meet every week at these hours, on each of the days."""
    record = _changeable(session, subject, class_id)
    _check_times(values.starts_at, values.ends_at)
    known = {(one.weekday, one.starts_at, one.ends_at) for one in queries.weekly_of(session, [class_id])}
    added = [
        WeeklyIn(weekday=day, starts_at=values.starts_at, ends_at=values.ends_at)
        for day in sorted(set(values.weekdays))
        if (day, values.starts_at, values.ends_at) not in known
    ]
    _write_weekly(session, record, added)
    _record_timetable(session, subject, record, added=[_hours(one) for one in added])


def replace_weekly(session: Session, subject: Subject, class_id: int, weekly: Sequence[WeeklyIn]) -> None:
    """Give a class these weekly meetings in place of those it has."""
    record = _changeable(session, subject, class_id)
    for one in weekly:
        _check_times(one.starts_at, one.ends_at)
    queries.clear_weekly(session, class_id)
    _write_weekly(session, record, weekly)
    _record_timetable(session, subject, record, weekly=[_hours(one) for one in weekly])


def remove_weekly(session: Session, subject: Subject, class_id: int, meeting_id: int) -> None:
    """No longer meet at these weekly hours."""
    record = _changeable(session, subject, class_id)
    row = queries.get(session, ClassMeeting, meeting_id)
    if row is None or row.class_id != class_id:
        raise NotFound("There is no such weekly meeting; it may have been removed. Open the timetable again.")
    gone = f"{WEEKDAYS[row.weekday]} {row.starts_at:%H:%M}–{row.ends_at:%H:%M}"
    queries.remove(session, ClassMeeting, meeting_id)
    _record_timetable(session, subject, record, removed=[gone])


def add_change(session: Session, subject: Subject, class_id: int, values: ChangeFields) -> ClassChange:
    """Let a day be other than every week. Invalid for days outside the term and for times that are missing."""
    record = _changeable(session, subject, class_id)
    for name, day in (("day", values.day), ("new_day", values.new_day)):
        if day is not None and not record.starts_on <= day <= record.ends_on:
            term = f"{long_date(record.starts_on)} to {long_date(record.ends_on)}"
            raise _wrong(name, f"This day is outside the term, {term}.")
    row = ClassChange(class_id=class_id, kind=values.kind, day=values.day, reason=values.reason)
    if values.kind != "cancelled":
        if values.starts_at is None or values.ends_at is None:
            raise _wrong("starts_at", "Enter when the meeting begins and ends.")
        _check_times(values.starts_at, values.ends_at)
        row.starts_at, row.ends_at, row.room = values.starts_at, values.ends_at, values.room
    if values.kind == "moved":
        if values.new_day is None:
            raise _wrong("new_day", "Enter the day to which the meeting moves.")
        row.new_day = values.new_day
    queries.add(session, row)
    _record_timetable(session, subject, record, change=values.kind, day=values.day.isoformat())
    return row


def remove_change(session: Session, subject: Subject, class_id: int, change_id: int) -> None:
    """Let the day be as every week again."""
    record = _changeable(session, subject, class_id)
    row = queries.get(session, ClassChange, change_id)
    if row is None or row.class_id != class_id:
        raise NotFound("There is no such change; it may have been removed. Open the timetable again.")
    day = row.day.isoformat()
    queries.remove(session, ClassChange, change_id)
    _record_timetable(session, subject, record, change="removed", day=day)


# Instructors


def add_instructor(
    session: Session, subject: Subject, class_id: int, values: InstructorForm
) -> ClassInstructor:
    """Let somebody teach the class, from its first day unless another is given. They see its students from now on."""
    record = _changeable(session, subject, class_id)
    person = queries.person(session, values.user_id)
    if person is None or person.role is Role.STUDENT:
        raise _wrong("user_id", "Choose a staff member.")
    starts_on = values.starts_on or record.starts_on
    if values.ends_on is not None and values.ends_on < starts_on:
        raise _wrong("ends_on", "The last day is before the first day.")
    row = ClassInstructor(class_id=class_id, user_id=person.id, starts_on=starts_on, ends_on=values.ends_on)
    queries.add(session, row)
    history.record(
        session,
        subject,
        Action.CLASS_INSTRUCTOR_ADDED,
        class_id,
        code=record.code,
        instructor_id=person.id,
        starts_on=starts_on,
        ends_on=values.ends_on,
    )
    return row


def end_instructor(
    session: Session, subject: Subject, class_id: int, assignment_id: int, *, last_day: date
) -> None:
    """Let somebody teach the class up to this day and no longer; one who had not begun is taken out."""
    record = _changeable(session, subject, class_id)
    row = queries.get(session, ClassInstructor, assignment_id, lock=True)
    if row is None or row.class_id != class_id:
        raise NotFound("This person does not teach the class; open it again.")
    person_id = row.user_id
    if row.starts_on > last_day:
        queries.remove(session, ClassInstructor, assignment_id)
    else:
        row.ends_on = last_day if row.ends_on is None else min(row.ends_on, last_day)
        session.flush()
    history.record(
        session,
        subject,
        Action.CLASS_INSTRUCTOR_REMOVED,
        class_id,
        code=record.code,
        instructor_id=person_id,
        last_day=last_day,
    )


# Helpers


def _found(session: Session, class_id: int, *, lock: bool = False) -> SchoolClass:
    record = queries.get(session, SchoolClass, class_id, lock=lock)
    if record is None:
        raise NotFound(policy.NO_CLASS)
    return record


def _changeable(session: Session, subject: Subject, class_id: int) -> SchoolClass:
    policy.require_manage(subject)
    return _found(session, class_id, lock=True)


def _check(session: Session, record: SchoolClass) -> None:
    if record.ends_on < record.starts_on:
        raise _wrong("ends_on", "The last day is before the first day.")
    if (record.ends_on - record.starts_on).days > MOST_TERM_DAYS:
        raise _wrong("ends_on", "A class can last at most two years. Check both dates.")
    if not queries.program_exists(session, record.program_id):
        raise _wrong("program_id", "This program does not exist; it may have been deleted.")
    if (
        record.module_id is not None
        and queries.module_program(session, record.module_id) != record.program_id
    ):
        raise _wrong("module_id", "This module belongs to another program.")


def _check_times(starts: Any, ends: Any) -> None:
    if starts.tzinfo is not None or ends.tzinfo is not None:
        raise _wrong("starts_at", "Enter school time, without an offset.")
    if ends <= starts:
        raise _wrong("ends_at", "The end is before the start.")


def _write_weekly(session: Session, record: SchoolClass, weekly: Sequence[WeeklyIn]) -> None:
    for one in weekly:
        queries.add(session, ClassMeeting(class_id=record.id, **one.model_dump()))


def _hours(one: WeeklyIn) -> str:
    return f"{WEEKDAYS[one.weekday]} {one.starts_at:%H:%M}–{one.ends_at:%H:%M}"


def _record_timetable(session: Session, subject: Subject, record: SchoolClass, **details: Any) -> None:
    history.record(session, subject, Action.CLASS_TIMETABLE_CHANGED, record.id, code=record.code, **details)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
