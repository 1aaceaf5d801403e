"""When classes meet, and what meets at the same time elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import policy, queries
from app.academics.classes.schemas import ClassMeetingToday
from app.core import clock
from app.core.permissions import Subject, internal
from app.db.models import ClassChange, ClassMeeting, SchoolClass
from app.rules import meetings as rules
from app.rules.leaves import Leave
from app.rules.meetings import Change, Meeting, WeeklyMeeting
from app.school import service as school
from app.web import formats


@dataclass(frozen=True, slots=True)
class Timetable:
    """The weekly meetings of a class and the changes to them."""

    weekly: Sequence[ClassMeeting]
    changes: Sequence[ClassChange]

    def meetings(
        self, first: date, last: date, zone: ZoneInfo, room: str | None, closed: Mapping[date, str]
    ) -> list[Meeting]:
        """The meetings between two days, by the rule; the days on which the school is `closed` are left out."""
        return rules.meetings(
            [WeeklyMeeting(one.weekday, one.starts_at, one.ends_at) for one in self.weekly],
            [_change(one) for one in self.changes],
            first,
            last,
            zone,
            room=room,
            closed=closed,
        )


def _change(row: ClassChange) -> Change:
    kind: Any = row.kind
    return Change(kind, row.day, row.new_day, row.starts_at, row.ends_at, row.room, row.reason)


def timetables(session: Session, class_ids: Collection[int]) -> dict[int, Timetable]:
    """The timetables of these classes: two queries."""
    weekly: dict[int, list[ClassMeeting]] = {}
    changes: dict[int, list[ClassChange]] = {}
    for meeting in queries.weekly_of(session, class_ids):
        weekly.setdefault(meeting.class_id, []).append(meeting)
    for change in queries.changes_of(session, class_ids):
        changes.setdefault(change.class_id, []).append(change)
    return {number: Timetable(weekly.get(number, []), changes.get(number, [])) for number in class_ids}


def meetings_of(
    session: Session, record: SchoolClass, zone: ZoneInfo, first: date | None = None, last: date | None = None
) -> list[Meeting]:
    """The meetings of a class within its term, or within a part of it."""
    first = max(first or record.starts_on, record.starts_on)
    last = min(last or record.ends_on, record.ends_on)
    closed = school.calendar.holidays_between(session, first, last) if first <= last else {}
    return timetables(session, [record.id])[record.id].meetings(first, last, zone, record.room, closed)


@internal("asks for one enrollment of a student who is clocking out")
def sits_in_class(session: Session, enrollment_id: int, first: date, last: date) -> bool:
    """Whether the enrollment has a seat in any class on one of these days."""
    return any(
        seat.starts_on <= last and (seat.ends_on is None or seat.ends_on >= first)
        for seat, _record in queries.seats_of(session, [enrollment_id])
    )


@internal("what classes met while students sat in them; whoever shows it asks who may see them")
def seated_meetings(
    session: Session, enrollment_ids: Collection[int], until: date, zone: ZoneInfo, since: date | None = None
) -> dict[int, list[tuple[SchoolClass, Meeting]]]:
    """The meetings of the classes of these enrollments while they sat in them, from `since` (else the first) up to a
    day, each with its class; enrollments without any are left out. Four queries."""
    rows = queries.seats_of(session, enrollment_ids)
    if not rows:
        return {}
    classes = {record.id: record for _, record in rows}
    begins = {number: max(record.starts_on, since or record.starts_on) for number, record in classes.items()}
    known = timetables(session, list(classes))
    first = min(begins.values())
    closed = school.calendar.holidays_between(session, first, until) if first <= until else {}
    met = {
        number: known[number].meetings(begins[number], min(record.ends_on, until), zone, record.room, closed)
        for number, record in classes.items()
        if begins[number] <= until
    }
    found: dict[int, list[tuple[SchoolClass, Meeting]]] = {}
    for seat, record in rows:
        last = min(until, seat.ends_on or until)
        held = [(record, one) for one in met.get(record.id, ()) if seat.starts_on <= one.day <= last]
        if held:
            found.setdefault(seat.enrollment_id, []).extend(held)
    return found


@internal("lists meetings for the room of attendance, which asks who may see the students")
def meetings_by_enrollment(
    session: Session, enrollment_ids: Collection[int], until: date, zone: ZoneInfo, since: date | None = None
) -> dict[int, list[Meeting]]:
    """The same without the classes, in order."""
    return {
        number: sorted(one for _record, one in held)
        for number, held in seated_meetings(session, enrollment_ids, until, zone, since).items()
    }


@internal("the catalog’s own names")
def module_names(session: Session, module_ids: Collection[int]) -> dict[int, str]:
    """Names of modules by their numbers."""
    return queries.module_names(session, module_ids)


@internal("adds up meetings for reviews of academic progress, whose room asks who may see them")
def scheduled_minutes(
    session: Session,
    enrollment_ids: Collection[int],
    until: date,
    zone: ZoneInfo,
    away: Mapping[int, Sequence[Leave]],
) -> dict[int, int]:
    """Minutes that the classes of these enrollments have met while they sat in them, up to a day: four queries.

    What met on days that they were `away` is left out.
    """
    return {
        number: sum(
            (one.ends - one.starts) // timedelta(minutes=1)
            for one in held
            if not any(leave.covers(one.day) for leave in away.get(number, ()))
        )
        for number, held in meetings_by_enrollment(session, enrollment_ids, until, zone).items()
    }


def today(session: Session, subject: Subject, zone: ZoneInfo) -> list[ClassMeetingToday]:
    """Today's meetings: of every class for those who see all, else of the person's own."""
    day = clock.today(zone)
    if subject.is_student:
        return _on(session, queries.listed_of_student(session, subject.user_id, day), day, zone)
    if not policy.may_list(subject):
        return []
    teacher = None if policy.may_read_all(subject) else subject.user_id
    return _on(session, queries.listed_on(session, day, teacher_id=teacher), day, zone)


def _on(session: Session, rows: Sequence[Any], day: date, zone: ZoneInfo) -> list[ClassMeetingToday]:
    if not rows:
        return []
    closed = school.calendar.holidays_between(session, day, day)
    known = timetables(session, [row.id for row in rows])
    found = [
        ClassMeetingToday(row.id, row.code, row.name, meeting, row.students, row.instructors)
        for row in rows
        for meeting in known[row.id].meetings(day, day, zone, row.room, closed)
    ]
    return sorted(found, key=lambda one: (one.meeting, one.code))


# What meets at the same time


def double_bookings(session: Session, record: SchoolClass, zone: ZoneInfo) -> list[str]:
    """A sentence for each other class that meets in the same room, or with the same instructor, at the same time."""
    people = queries.instructors_of(session, [record.id])
    own = timetables(session, [record.id])[record.id]
    rooms = {room for room in (record.room, *(one.room for one in own.changes)) if room}
    others = queries.beside(session, record, rooms, [one.user_id for one in people])
    if not others:
        return []
    closed = school.calendar.holidays_between(session, record.starts_on, record.ends_on)
    theirs = timetables(session, [one.id for one in others])
    teaching: dict[int, list[Any]] = {}
    for row in queries.instructors_of(session, [one.id for one in others]):
        teaching.setdefault(row.class_id, []).append(row)
    sentences = []
    for other in others:
        first, last = max(record.starts_on, other.starts_on), min(record.ends_on, other.ends_on)
        here = own.meetings(first, last, zone, record.room, closed)
        there = theirs[other.id].meetings(first, last, zone, other.room, closed)
        for room in sorted(rooms, key=str.lower):
            clash = rules.overlaps(_in_room(here, room), _in_room(there, room))
            if clash:
                sentences.append(f"{room} is also used by {other.code} {_when(clash, zone)}.")
        for person in people:
            for row in teaching.get(other.id, ()):
                if row.user_id != person.user_id:
                    continue
                clash = rules.overlaps(_while(here, person), _while(there, row))
                if clash:
                    sentences.append(f"{person.full_name} also teaches {other.code} {_when(clash, zone)}.")
    return sentences


def clash_of(
    session: Session, one: SchoolClass, other: SchoolClass, first: date, zone: ZoneInfo
) -> str | None:
    """When two classes meet at the same time, from a day on: `on Nov 2, 2026, 8:30 AM EST`; None if never."""
    first = max(first, one.starts_on, other.starts_on)
    last = min(one.ends_on, other.ends_on)
    if last < first:
        return None
    closed = school.calendar.holidays_between(session, first, last)
    known = timetables(session, [one.id, other.id])
    clash = rules.overlaps(
        known[one.id].meetings(first, last, zone, None, closed),
        known[other.id].meetings(first, last, zone, None, closed),
    )
    return _when(clash, zone) if clash else None


def _in_room(found: Sequence[Meeting], room: str) -> list[Meeting]:
    return [one for one in found if one.room.lower() == room.lower()]


def _while(found: Sequence[Meeting], assignment: Any) -> list[Meeting]:
    return [
        one
        for one in found
        if assignment.starts_on <= one.day and (assignment.ends_on is None or one.day <= assignment.ends_on)
    ]


def _when(meeting: Meeting, zone: ZoneInfo) -> str:
    return f"on {formats.local_time(meeting.starts, zone)}"
