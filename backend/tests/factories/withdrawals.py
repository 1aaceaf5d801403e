"""A withdrawal from its record to its end, in one call."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Subject
from app.db.models import Withdrawal
from app.enrollment import service
from app.enrollment.service import WithdrawalKind
from app.enrollment.withdrawals.schemas import Notice, Recorded

ZONE = ZoneInfo("America/New_York")


def record(
    session: Session,
    staff: Subject,
    enrollment_id: int,
    *,
    requested_at: datetime | None = None,
    kind: WithdrawalKind = "student",
    reason: str | None = "Moving away",
    notice: Notice | None = None,
) -> Withdrawal:
    """A withdrawal that waits."""
    given = Recorded(kind, requested_at or clock.now(), reason, notice)
    return service.record_withdrawal(session, staff, enrollment_id, given, zone=ZONE)


def withdraw(
    session: Session, staff: Subject, enrollment_id: int, requested_at: datetime | None = None
) -> Withdrawal:
    """One that is processed: the enrollment has ended."""
    record(session, staff, enrollment_id, requested_at=requested_at)
    return service.process_withdrawal(session, staff, enrollment_id, note="Done", zone=ZONE)
