"""What the clock counts outside class meetings: as the policy of the day says."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import policies_in_force
from app.core import clock
from app.db.models import Attendance
from app.rules.hours import TimeEntry
from app.rules.roster import within_meetings

NOTE = "Only time in scheduled class meetings counts, by the attendance policy of that day."


def counted_parts(session: Session, entry: Attendance, until: datetime, zone: ZoneInfo) -> list[TimeEntry]:
    """The parts of a clocked time that count, in order; none where all of it is outside the meetings.

    Whoever sits in no class on those days has no schedule, and all of their time counts.
    """
    whole = TimeEntry(entry.clock_in, max(until, entry.clock_in))
    if policies_in_force.of(session, entry.clock_in, zone).outside_meetings == "counts_in_full":
        return [whole]
    first, last = (clock.local(one, zone).date() for one in (whole.clock_in, whole.clock_out))
    if not classes.sits_in_class(session, entry.enrollment_id, first, last):
        return [whole]
    policies_in_force.of(session, entry.clock_in, zone, use=True)
    held = classes.meetings_by_enrollment(session, [entry.enrollment_id], last, zone, since=first)
    return within_meetings(whole, [(one.starts, one.ends) for one in held.get(entry.enrollment_id, [])])


def trim(entry: Attendance, until: datetime, parts: list[TimeEntry]) -> list[Attendance]:
    """Close an open entry with what counts of it, and give the entries of the further parts, to be added.

    What the clock said is kept beside what counts.
    """
    whole = TimeEntry(entry.clock_in, max(until, entry.clock_in))
    if parts == [whole]:
        entry.clock_out = whole.clock_out
        return []
    first, *others = parts or [TimeEntry(whole.clock_in, whole.clock_in)]
    entry.punched_in, entry.punched_out = whole.clock_in, whole.clock_out
    entry.clock_in, entry.clock_out, entry.notes = first.clock_in, first.clock_out, NOTE
    return [
        Attendance(
            user_id=entry.user_id,
            enrollment_id=entry.enrollment_id,
            clock_in=one.clock_in,
            clock_out=one.clock_out,
            punched_in=whole.clock_in,
            punched_out=whole.clock_out,
            notes=NOTE,
            source=entry.source,
        )
        for one in others
    ]
