"""Whether a request comes within the time to cancel, by the agreement's own refund policy (GNPEC Standard 13)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.enrollment import service as enrollment
from app.finance.agreements import queries as agreements
from app.rules.refunds import POLICIES, Settings
from app.rules.refunds_days import window
from app.rules.refunds_policies import applied


def within(session: Session, enrollment_id: int, at: datetime, zone: ZoneInfo) -> bool:
    """False without a signed agreement: nobody knows when the time began."""
    signed = agreements.in_force(session, enrollment_id)
    if signed is None or at < signed.signed_at:
        return False
    _policy, settings = applied(POLICIES[signed.policy], Settings(time_zone=zone.key))
    found = window(signed.signed_at, at, settings, zone)
    return found is not None and found.inside


enrollment.register_time_to_cancel(within)
