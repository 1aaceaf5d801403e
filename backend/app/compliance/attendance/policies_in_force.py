"""The attendance and progress policies of a day, as the clock and its corrections need them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.core import clock
from app.school import service as school
from app.school.service import AttendancePolicy, PolicyKind


def of(session: Session, moment: datetime, zone: ZoneInfo, *, use: bool = False) -> AttendancePolicy:
    """The attendance policy of the day at the school that `moment` lies in.

    `use` for what is written down: from then on that version cannot be changed.
    """
    day = clock.local(moment, zone).date()
    found = school.policies.at(session, PolicyKind.ATTENDANCE, day)
    if use:
        school.policies.used(session, found)
    return found.values


def longest_entry(policy: AttendancePolicy) -> timedelta:
    """The longest time entry the policy allows."""
    return timedelta(minutes=policy.longest_entry_minutes)


def forgotten_before(session: Session, zone: ZoneInfo) -> datetime:
    """Whoever has been clocked in since before this moment has forgotten to clock out."""
    now = clock.now()
    return now - longest_entry(of(session, now, zone))


def _hours_recorded(session: Session) -> str | None:
    """Why another time zone would matter: hours are recorded."""
    return "Attendance is recorded." if queries.any_record(session) else None


school.register_zone_objection("attendance", _hours_recorded)


def pace_days(session: Session, zone: ZoneInfo) -> int:
    """How many days back the pace is measured today."""
    return school.policies.at(session, PolicyKind.PROGRESS, clock.today(zone)).values.pace_days
