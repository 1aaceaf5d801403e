"""Seats: students come into a class, several at once, and leave it; the end of an enrollment ends its seats."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import policy
from app.academics.classes import queries as classes
from app.academics.classes.roster import queries
from app.academics.classes.timetable import clash_of
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject, internal
from app.db.models import ClassSeat, EnrollmentStatus, SchoolClass
from app.rules.days import long_date
from app.web.listing import Listing
from app.web.paging import Page, Paging


def roster(
    session: Session,
    subject: Subject,
    class_id: int,
    paging: Paging,
    zone: ZoneInfo,
    *,
    removable: bool = False,
) -> Listing[Any]:
    """The students of a class; NotFound for other people's classes. Sorts: student, email, progress, from.

    A class that is over keeps those who stayed; `removable` gives those alone who still sit in it.
    """
    policy.require_list(subject)
    today = clock.today(zone)
    teaches = classes.teaches(session, class_id, subject.user_id, today)
    policy.require_read(subject, teaches=teaches)
    _class(session, class_id)
    return queries.roster(session, class_id, paging, today, removable=removable)


def seated_on(session: Session, subject: Subject, class_id: int, day: date, zone: ZoneInfo) -> Sequence[Any]:
    """Who sat in a class on a day, by name, but for deleted people: enrollment_id, user_id, full_name. NotFound for
    other people's classes."""
    policy.require_list(subject)
    policy.require_read(
        subject, teaches=classes.teaches(session, class_id, subject.user_id, clock.today(zone))
    )
    _class(session, class_id)
    return queries.seated_on(session, class_id, day)


def candidates(
    session: Session, subject: Subject, class_id: int, paging: Paging, zone: ZoneInfo
) -> Page[Any]:
    """Active enrollments of the class's program that have no seat in it. Sorts: student, enrolled."""
    policy.require_read_all(subject)
    return queries.candidates_page(session, _class(session, class_id), paging, clock.today(zone))


def add_students(
    session: Session,
    subject: Subject,
    class_id: int,
    enrollment_ids: Collection[int],
    zone: ZoneInfo,
    starts_on: date | None = None,
) -> list[ClassSeat]:
    """Seat students, all or none: from today, or from the first day of the class if that is later.

    Conflict for one who sits in it already or in another class that meets at the same time, and when there are not
    enough seats; Invalid for an enrollment of another program, one that has ended, and a day outside the class.
    """
    policy.require_manage(subject)
    record = _class(session, class_id, lock=True)
    first = starts_on or max(clock.today(zone), record.starts_on)
    if not record.starts_on <= first <= record.ends_on:
        term = f"{long_date(record.starts_on)} to {long_date(record.ends_on)}"
        raise _wrong("starts_on", f"The class runs from {term}.")
    wanted = set(enrollment_ids)
    found = queries.enrollments(session, wanted)
    _require_fitting(record, found, wanted, first)
    seated = queries.sits_already(session, class_id, wanted, first)
    if seated:
        raise _refused(f"{_names(seated)} {'is' if len(seated) == 1 else 'are'} already in this class.")
    _require_room(session, record, len(found), first)
    _require_free(session, record, found, first, zone)
    seats = [ClassSeat(class_id=class_id, enrollment_id=row.id, starts_on=first) for row in found]
    for seat, row in zip(seats, found, strict=True):
        classes.add(session, seat)
        history.record(
            session,
            subject,
            Action.CLASS_STUDENT_ADDED,
            class_id,
            student_id=row.user_id,
            enrollment_id=row.id,
            code=record.code,
            starts_on=first,
        )
    return seats


def remove_students(
    session: Session,
    subject: Subject,
    class_id: int,
    seat_ids: Collection[int],
    zone: ZoneInfo,
    last_day: date | None = None,
) -> None:
    """Remove students from a class, all or none; `last_day` is their last one in it, yesterday unless given.

    A seat that had not begun by then is taken away. NotFound for a seat that is not of this class.
    """
    policy.require_manage(subject)
    record = _class(session, class_id, lock=True)
    last = last_day or clock.today(zone) - timedelta(days=1)
    seats = queries.seats(session, class_id, set(seat_ids))
    if len(seats) != len(set(seat_ids)):
        raise NotFound(
            "One of these students is no longer in the class. Nothing was changed; open the class again."
        )
    people = {row.id: row for row in queries.enrollments(session, {seat.enrollment_id for seat in seats})}
    for seat in seats:
        enrollment_id = seat.enrollment_id
        if seat.starts_on > last:
            classes.remove(session, ClassSeat, seat.id)
        else:
            seat.ends_on = last if seat.ends_on is None else min(seat.ends_on, last)
        history.record(
            session,
            subject,
            Action.CLASS_STUDENT_REMOVED,
            class_id,
            student_id=people[enrollment_id].user_id if enrollment_id in people else None,
            enrollment_id=enrollment_id,
            code=record.code,
            last_day=last,
        )
    session.flush()


@internal("a step of ending an enrollment")
def end_seats(
    session: Session, subject: Subject | None, enrollment_id: int, *, student_id: int, last_day: date
) -> None:
    """An enrollment has ended, and with it the student's seats; the room of enrollments says so."""
    for class_id in queries.end_seats(session, enrollment_id, last_day):
        history.record(
            session,
            subject,
            Action.CLASS_STUDENT_REMOVED,
            class_id,
            student_id=student_id,
            enrollment_id=enrollment_id,
            last_day=last_day,
        )


def _class(session: Session, class_id: int, *, lock: bool = False) -> SchoolClass:
    record = classes.get(session, SchoolClass, class_id, lock=lock)
    if record is None:
        raise NotFound(policy.NO_CLASS)
    return record


def _require_fitting(record: SchoolClass, found: Sequence[Any], wanted: set[int], first: date) -> None:
    if len(found) != len(wanted):
        raise _wrong(
            "enrollment_ids",
            "One of these enrollments does not exist. Nobody was added; choose from the list.",
        )
    for row in found:
        if row.program_id != record.program_id:
            raise _wrong(
                "enrollment_ids",
                f"{row.full_name} is enrolled in a different program from the one this class teaches.",
            )
        if row.status is not EnrollmentStatus.ACTIVE:
            raise _wrong("enrollment_ids", f"The enrollment of {row.full_name} is {row.status.value}.")
        if row.enrolled_at > first:
            raise _wrong("starts_on", f"The enrollment of {row.full_name} begins on {row.enrolled_at}.")


def _require_room(session: Session, record: SchoolClass, count: int, first: date) -> None:
    if record.capacity is None:
        return
    free = record.capacity - queries.seat_count(session, record.id, first)
    if count > free:
        left = "no seat is" if free <= 0 else "1 seat is" if free == 1 else f"{free} seats are"
        raise _refused(f"This class has {record.capacity} seats, and {left} free. Nobody was added.")


def _require_free(
    session: Session, record: SchoolClass, found: Sequence[Any], first: date, zone: ZoneInfo
) -> None:
    """Nobody can be in two places: another class of the student's must not meet at the same time."""
    names = {row.user_id: row.full_name for row in found}
    clashes: dict[int, str | None] = {}
    for user_id, other in queries.other_classes_of(session, record.id, list(names), first):
        if other.id not in clashes:
            clashes[other.id] = clash_of(session, record, other, first, zone)
        when = clashes[other.id]
        if when is not None:
            raise _refused(
                f"{names[user_id]} is in {other.code}, which meets at the same time {when}. Nobody was added."
            )


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _refused(sentence: str) -> Conflict:
    return Conflict(sentence, errors=[FieldError("enrollment_ids", sentence)])


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
