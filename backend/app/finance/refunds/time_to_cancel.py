"""Whether a request comes within the time to cancel, by the agreement's own refund policy (GNPEC Standard 13)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.enrollment import service as enrollment
from app.enrollment.service import WithdrawalKind
from app.finance.agreements import service as agreements
from app.rules.refunds_days import window
from app.rules.refunds_policies import applied

RECENT = timedelta(days=4)
"""Longer than the 72 hours, whatever the hour of the signature."""


def within(session: Session, enrollment_id: int, at: datetime, zone: ZoneInfo, kind: WithdrawalKind) -> bool:
    """By the agreement that bound then. False without a signed one: nobody knows when the time began."""
    signed = agreements.in_force(session, enrollment_id, at)
    if signed is None or at < signed.window_from:
        return False
    _policy, settings = applied(signed.refund.rule, signed.refund.settings_in(zone))
    found = window(signed.window_from, at, settings, zone)
    return found is not None and found.cancels(kind, settings)


def hour_decides(session: Session, enrollment_id: int, day: date, zone: ZoneInfo) -> bool:
    """Whether the time to cancel runs on a day, or an agreement was signed in the days before: then the hour of a
    request can decide what it is."""
    begins = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    signed = agreements.in_force(session, enrollment_id, ends)
    if signed is None or signed.window_from >= ends:
        return False
    return signed.cancellation_until >= begins or signed.window_from >= begins - RECENT


enrollment.register_time_to_cancel(within)
enrollment.register_hour_that_decides(hour_decides)
