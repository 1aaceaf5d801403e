"""The timetable of a class: the hours of every week, and the days that are other than every week."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.academics.classes import queries
from app.academics.classes.changing import changeable, wrong
from app.academics.classes.schemas import ChangeFields, WeeklyForm, WeeklyIn
from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.db.models import ClassChange, ClassMeeting, SchoolClass
from app.rules.days import long_date
from app.rules.meetings import WEEKDAYS


def add_weekly(session: Session, subject: Subject, class_id: int, values: WeeklyForm) -> None:
    """Meet every week at these hours, on each of the days."""
    record = changeable(session, subject, class_id)
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
    record = changeable(session, subject, class_id)
    for one in weekly:
        _check_times(one.starts_at, one.ends_at)
    queries.clear_weekly(session, class_id)
    _write_weekly(session, record, weekly)
    _record_timetable(session, subject, record, weekly=[_hours(one) for one in weekly])


def remove_weekly(session: Session, subject: Subject, class_id: int, meeting_id: int) -> None:
    """No longer meet at these weekly hours."""
    record = changeable(session, subject, class_id)
    row = queries.get(session, ClassMeeting, meeting_id)
    if row is None or row.class_id != class_id:
        raise NotFound("There is no such weekly meeting; it may have been removed. Open the timetable again.")
    gone = f"{WEEKDAYS[row.weekday]} {row.starts_at:%H:%M}–{row.ends_at:%H:%M}"
    queries.remove(session, ClassMeeting, meeting_id)
    _record_timetable(session, subject, record, removed=[gone])


def add_change(session: Session, subject: Subject, class_id: int, values: ChangeFields) -> ClassChange:
    """Let a day be other than every week. Invalid for days outside the term and for times that are missing."""
    record = changeable(session, subject, class_id)
    for name, day in (("day", values.day), ("new_day", values.new_day)):
        if day is not None and not record.starts_on <= day <= record.ends_on:
            term = f"{long_date(record.starts_on)} to {long_date(record.ends_on)}"
            raise wrong(name, f"This day is outside the term, {term}.")
    row = ClassChange(class_id=class_id, kind=values.kind, day=values.day, reason=values.reason)
    if values.kind != "cancelled":
        if values.starts_at is None or values.ends_at is None:
            raise wrong("starts_at", "Enter when the meeting begins and ends.")
        _check_times(values.starts_at, values.ends_at)
        row.starts_at, row.ends_at, row.room = values.starts_at, values.ends_at, values.room
    if values.kind == "moved":
        if values.new_day is None:
            raise wrong("new_day", "Enter the day to which the meeting moves.")
        row.new_day = values.new_day
    queries.add(session, row)
    _record_timetable(session, subject, record, change=values.kind, day=values.day.isoformat())
    return row


def remove_change(session: Session, subject: Subject, class_id: int, change_id: int) -> None:
    """Let the day be as every week again."""
    record = changeable(session, subject, class_id)
    row = queries.get(session, ClassChange, change_id)
    if row is None or row.class_id != class_id:
        raise NotFound("There is no such change; it may have been removed. Open the timetable again.")
    day = row.day.isoformat()
    queries.remove(session, ClassChange, change_id)
    _record_timetable(session, subject, record, change="removed", day=day)


def _check_times(starts: Any, ends: Any) -> None:
    if starts.tzinfo is not None or ends.tzinfo is not None:
        raise wrong("starts_at", "Enter school time, without an offset.")
    if ends <= starts:
        raise wrong("ends_at", "The end is before the start.")


def _write_weekly(session: Session, record: SchoolClass, weekly: Sequence[WeeklyIn]) -> None:
    for one in weekly:
        queries.add(session, ClassMeeting(class_id=record.id, **one.model_dump()))


def _hours(one: WeeklyIn) -> str:
    return f"{WEEKDAYS[one.weekday]} {one.starts_at:%H:%M}–{one.ends_at:%H:%M}"


def _record_timetable(session: Session, subject: Subject, record: SchoolClass, **details: Any) -> None:
    history.record(session, subject, Action.CLASS_TIMETABLE_CHANGED, record.id, code=record.code, **details)
