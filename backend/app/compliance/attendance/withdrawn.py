"""The hours that count for a withdrawal: each record, and how much of each part of the program they cover."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import enrolled, queries
from app.compliance.attendance.totals import queries as totals_queries
from app.core.permissions import internal
from app.enrollment import service as enrollment
from app.enrollment.service import CountedRecord, Hours, Segment
from app.rules.hours import TimeEntry
from app.rules.module_hours import CourseMeeting, minutes_by_course

_ALL = timedelta(days=3 * 366)
"""Classes are planned this far ahead at most; what they meet later is no part of a program under way."""


@internal("a step of a withdrawal or a leave, whose rooms ask who may see it")
def records_until(session: Session, enrollment_id: int, until: datetime) -> tuple[CountedRecord, ...]:
    """Closed records that began before a moment, in order."""
    return tuple(
        CountedRecord(row.id, row.clock_in, row.clock_out, row.total_minutes)
        for row in queries.counted_until(session, enrollment_id, until)
    )


@internal("a step of a withdrawal, whose room asks who may see it")
def hours_until(session: Session, enrollment_id: int, until: datetime, zone: ZoneInfo) -> Hours:
    """Those records by part of the program: the module a class teaches, else the class."""
    records = records_until(session, enrollment_id, until)
    last = until.astimezone(zone).date()
    chosen = enrolled.enrollment(session, enrollment_id)
    transferred = totals_queries.of_enrollments(session, [enrollment_id], last).transferred
    return Hours(
        records=records,
        segments=_segments(session, enrollment_id, records, last, zone),
        transferred_minutes=transferred.get(enrollment_id, 0),
        total_minutes=chosen.clock_hours * 60 if chosen and chosen.clock_hours else None,
    )


def _segments(
    session: Session, enrollment_id: int, records: tuple[CountedRecord, ...], last: date, zone: ZoneInfo
) -> tuple[Segment, ...]:
    """Minutes attended of the minutes that the classes meet, and under a name of its own what no class covers."""
    seated = classes.seated_meetings(session, [enrollment_id], last + _ALL, zone).get(enrollment_id, [])
    modules = classes.module_names(session, {one.module_id for one, _ in seated if one.module_id})
    names = {one.id: modules.get(one.module_id or 0, one.name) for one, _ in seated}
    meetings = [CourseMeeting(names[record.id], meeting) for record, meeting in seated]
    entries = [TimeEntry(one.clock_in, one.clock_out) for one in records]
    attended = minutes_by_course(entries, meetings)
    planned: dict[str, int] = {}
    for record, meeting in seated:
        minutes = (meeting.ends - meeting.starts) // timedelta(minutes=1)
        planned[names[record.id]] = planned.get(names[record.id], 0) + minutes
    found = [Segment(name, attended.get(name, 0), total) for name, total in planned.items()]
    if outside := attended.get(None, 0):
        found.append(Segment("Outside class meetings", outside, None))
    return tuple(found)


enrollment.register_hours(enrollment.Attended(hours_until, records_until, queries.open_since))
