"""Which class meetings a reported absence covers, and what is known of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance.absences import queries
from app.compliance.attendance.absences.schemas import MissedMeeting
from app.compliance.attendance.closings import queries as closings
from app.compliance.attendance.roster import queries as rosters
from app.core import clock
from app.db.models import AbsenceRequest
from app.enrollment import service as enrollment
from app.rules import hours
from app.rules.meetings import Meeting
from app.rules.roster import Mark
from app.web import formats


def held(
    session: Session, enrollment_id: int, first: date, last: date, zone: ZoneInfo
) -> list[tuple[Any, Meeting]]:
    """The meetings of the enrollment's classes on these days, without those on leave, in order."""
    met = classes.seated_meetings(session, [enrollment_id], last, zone, first).get(enrollment_id, [])
    away = enrollment.leave_days(session, [enrollment_id]).get(enrollment_id, ())
    found = [one for one in met if not any(leave.covers(one[1].day) for leave in away)]
    return sorted(found, key=lambda one: (one[1].starts, one[0].id))


def covered(session: Session, row: AbsenceRequest, zone: ZoneInfo) -> list[tuple[Any, Meeting]]:
    """The meetings of the timetable of today that an absence covers, each with its class."""
    found = held(session, row.enrollment_id, row.starts_on, row.ends_on, zone)
    if row.class_id is None:
        return found
    return [one for one in found if (one[0].id, one[1].starts) == (row.class_id, row.meeting_at)]


def covered_classes(session: Session, rows: Sequence[AbsenceRequest], zone: ZoneInfo) -> dict[int, set[int]]:
    """By absence, the numbers of the classes that it covers: the one that it names, else those that meet on its days.
    A fixed number of queries."""
    found = {row.id: set() if row.class_id is None else {row.class_id} for row in rows}
    days = [row for row in rows if row.class_id is None]
    if not days:
        return found
    numbers = {row.enrollment_id for row in days}
    first, last = min(row.starts_on for row in days), max(row.ends_on for row in days)
    met = classes.seated_meetings(session, numbers, last, zone, first)
    away = enrollment.leave_days(session, numbers)
    for row in days:
        leaves = away.get(row.enrollment_id, ())
        for record, meeting in met.get(row.enrollment_id, ()):
            if row.starts_on <= meeting.day <= row.ends_on and not any(
                leave.covers(meeting.day) for leave in leaves
            ):
                found[row.id].add(record.id)
    return found


def missed(session: Session, row: AbsenceRequest, zone: ZoneInfo) -> list[MissedMeeting]:
    """The same as a page shows them."""
    since, until = hours.day_bounds(row.starts_on, row.ends_on, zone)
    marks = queries.marks_between(session, row.enrollment_id, since, until)
    there = rosters.during(session, [row.user_id], since, until).get(row.user_id, [])
    found = []
    for record, meeting in covered(session, row, zone):
        mark = marks.get((record.id, meeting.starts))
        clocked = any(
            one.clock_in < meeting.ends and (one.clock_out is None or one.clock_out > meeting.starts)
            for one in there
        )
        said, tone = _said(mark, meeting, clocked=clocked)
        found.append(MissedMeeting(record.code, meeting.starts, meeting.ends, said, tone))
    return found


def _said(mark: str | None, meeting: Meeting, *, clocked: bool) -> tuple[str, str]:
    if mark is not None and not (clocked and not Mark(mark).attends):
        tones = {Mark.EXCUSED: "info", Mark.ABSENT: "bad"}
        return Mark(mark).label, tones.get(Mark(mark), "good")
    if clocked:
        return "Hours recorded", "good"
    return ("To come", "neutral") if meeting.starts > clock.now() else ("Not marked", "neutral")


def is_closed(session: Session, first: date, zone: ZoneInfo) -> bool:
    """Whether a day lies in a closed period."""
    before = closings.closed_before(session)
    return before is not None and hours.start_of_day(first, zone) < before


def span(first: date, last: date, zone: ZoneInfo) -> str:
    """`May 4, 2026`, or `May 4, 2026 to May 6, 2026`."""
    one = formats.day(first, zone)
    return one if first == last else f"{one} to {formats.day(last, zone)}"
