"""When a request on paper arrived, from a form that asks for a day and, where it decides, for the hour."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import Withdrawal
from app.enrollment.completions.service import wrong
from app.enrollment.dates import moment_on
from app.enrollment.withdrawals import moments, queries
from app.enrollment.withdrawals.schemas import RecordForm


def received_at(session: Session, enrollment_id: int, values: RecordForm, zone: ZoneInfo) -> datetime:
    """The moment that a request came, by the clock at the school.

    A withdrawal that is changed keeps its moment while day and hour stay. Raises Invalid without the hour of a
    cancellation, and of any request on a day on which the time to cancel runs.
    """
    day, hour = values.requested_on, values.requested_time
    known = queries.pending(session, enrollment_id)
    same_day = known is not None and clock.local(known.requested_at, zone).date() == day
    if known is not None and same_day and hour in (None, hour_of(known, zone)):
        return known.requested_at
    if hour is not None:
        return datetime.combine(day, hour.replace(tzinfo=None), zone)
    if values.kind == "cancellation" or moments.needs_hour(session, enrollment_id, day, zone):
        raise wrong(
            "requested_time",
            "Enter the time at which the school received it: the time to cancel ends at an exact time. Nothing was "
            "saved.",
        )
    return moment_on(day, clock.now(), zone)


def hour_of(withdrawal: Withdrawal, zone: ZoneInfo) -> time:
    """The time of day of a request, as the form shows it: to the minute."""
    return clock.local(withdrawal.requested_at, zone).time().replace(second=0, microsecond=0)
