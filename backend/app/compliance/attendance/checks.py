"""What hours must be like before they are written down, whoever writes them: believable, within a day, countable."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import policies_in_force, queries
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import clock
from app.core.errors import Conflict, FieldError, Invalid
from app.core.permissions import Subject, internal
from app.db.models import Attendance
from app.enrollment import service as enrollment
from app.rules import hours
from app.rules.enrollment import may_count_hours
from app.rules.leaves import Leave
from app.web import formats
from app.web.field_types import EARLIEST_DAY

_INSTANT = timedelta(microseconds=1)
"""What ends at midnight has no part of the day that begins."""


@internal("reads what was typed")
def instant(present: datetime, field: str, zone: ZoneInfo, *, second: bool) -> datetime:
    """What a typed wall-clock time means. Raises Invalid at `field` for one that clocks skipped that day."""
    if not EARLIEST_DAY.year <= present.year <= clock.now().year + 1:
        raise wrong(field, f"Enter a date between {EARLIEST_DAY.year} and today.")
    found = hours.read_wall_clock(present, zone, second=second).instant
    if found is None:
        raise wrong(field, "This time does not exist: the clocks went forward over it that day.")
    return found


def require_within_day(
    session: Session,
    user_id: int,
    clock_in: datetime,
    clock_out: datetime,
    zone: ZoneInfo,
    instead_of: hours.TimeEntry | None = None,
) -> None:
    """Raise Invalid for more minutes in a day than the policy of that day lets the staff enter."""
    entered = hours.minutes_by_day(hours.TimeEntry(clock_in, clock_out), zone)
    for day, minutes in entered.items():
        start, end = hours.day_bounds(day, day, zone)
        most = policies_in_force.of(session, start, zone).daily_maximum_minutes
        if most >= hours.minutes_between(start, end):
            continue
        others = [entry for _, entry in queries.closed_entries(session, user_id, start, end)]
        there = hours.totals_by_day(others, zone).get(day, 0)
        if instead_of is not None:
            there -= hours.minutes_by_day(instead_of, zone).get(day, 0)
        if there + minutes > most:
            raise wrong(
                "clock_out",
                f"{formats.day(day, zone)} would have {formats.duration_minutes(there + minutes)}; "
                f"the attendance policy allows {formats.duration_minutes(most)} a day.",
            )


def require_believable(session: Session, clock_in: datetime, clock_out: datetime, zone: ZoneInfo) -> None:
    """Raise Invalid for times in the future, an end before its beginning, and a length that nobody attends at once."""
    now = clock.now()
    if clock_in.year < EARLIEST_DAY.year:
        raise wrong("clock_in", f"Enter a date between {EARLIEST_DAY.year} and today.")
    if clock_in > now:
        raise wrong("clock_in", "The clock-in is in the future.")
    if clock_out > now:
        raise wrong(
            "clock_out", f"The clock-out is in the future; it is {formats.local_time(now, zone)} now."
        )
    if clock_out < clock_in:
        raise wrong("clock_out", "The clock-out is before the clock-in.")
    longest = policies_in_force.longest_entry(policies_in_force.of(session, clock_in, zone, use=True))
    if clock_out - clock_in > longest:
        whole, rest = divmod(longest, timedelta(hours=1))
        most = formats.duration_minutes(longest // timedelta(minutes=1)) if rest else f"{whole} hours"
        raise wrong("clock_out", f"A time entry lasts {most} at most. Check both dates.")


def require_countable(
    session: Session, chosen: EnrollmentChoice, clock_in: datetime, clock_out: datetime, zone: ZoneInfo
) -> None:
    """Raises Conflict for the hours of a deleted student, Invalid for hours outside the enrollment or on leave."""
    if chosen.deleted:
        raise Conflict(
            f"The account of {chosen.full_name} is deleted, so no hours are added to it. Restore the account first."
        )
    decision = may_count_hours(
        clock_in,
        clock_out,
        status=chosen.status,
        begins=chosen.enrolled_at,
        ended_on=chosen.ended_on(zone),
        zone=zone,
    )
    if not decision.allowed:
        before = clock_in.astimezone(zone).date() < chosen.enrolled_at
        raise wrong("clock_in" if before else "clock_out", decision.reason)
    away = leave_during(session, chosen.id, clock_in, clock_out, zone)
    if away is not None:
        day, leave = away
        raise wrong(
            "clock_in",
            f"{chosen.full_name} was on a leave of absence on {formats.day(day, zone)}, until the return on "
            f"{formats.day(leave.ends_on, zone)}, and no hours count on a day of leave.",
        )


def leave_during(
    session: Session, enrollment_id: int, clock_in: datetime, clock_out: datetime, zone: ZoneInfo
) -> tuple[date, Leave] | None:
    """The first day of a time entry that a leave of absence covers, and that leave; None where none does."""
    moment = clock.local(clock_in, zone)
    first, last = moment.date(), max(moment, clock.local(clock_out, zone) - _INSTANT).date()
    found = [
        (max(first, leave.starts_on), leave)
        for leave in enrollment.leave_days(session, [enrollment_id]).get(enrollment_id, ())
        if leave.starts_on <= last and first < leave.ends_on
    ]
    return min(found, key=lambda one: one[0]) if found else None


def wrong(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(sentence, errors=[FieldError(field, sentence)])


def note(what: str, subject: Subject, reason: str, zone: ZoneInfo) -> str:
    """A line for a record's notes: what was done, when, by whom and why."""
    return f"{what} {formats.local_time(clock.now(), zone)} by {subject.full_name}: {reason}"


def times(entry: Attendance) -> dict[str, Any]:
    """A record's times as the history keeps them."""
    return {
        "clock_in": entry.clock_in,
        "clock_out": entry.clock_out,
        "total_minutes": entry.total_minutes,
    }
