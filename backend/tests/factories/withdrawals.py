"""A withdrawal from its record to its end, in one call."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Subject
from app.db.models import AuditEntry, Enrollment, SchoolPolicy, User, Withdrawal, WithdrawalForm
from app.enrollment import service
from app.enrollment.service import WithdrawalKind
from app.enrollment.withdrawals.schemas import Notice, Recorded
from tests.factories.school import subject_of

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


# What the tests of withdrawals ask for, and look at

NOW = datetime(2026, 5, 20, 16, tzinfo=UTC)


def ask(session: Session, student: Subject, enrollment_id: int, **more: Any) -> WithdrawalForm:
    """A student's own request."""
    values = {"request": uuid4(), "reason": "Moving", "acknowledged": "I ask to leave."} | more
    return service.request_withdrawal(session, student, enrollment_id, zone=ZONE, **values)


def owner(session: Session, enrollment: Enrollment) -> Subject:
    """The student of an enrollment."""
    return subject_of(session.get_one(User, enrollment.user_id))


def actions(session: Session) -> list[str]:
    """What the history says of withdrawals, in order."""
    return [
        one for one in session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)) if "withdraw" in one
    ]


def set_policy(session: Session, **values: str | int) -> None:
    """Another version of the school's policy of withdrawals, in force since January."""
    known = session.scalars(select(SchoolPolicy).where(SchoolPolicy.kind == "withdrawal")).one()
    session.add(
        SchoolPolicy(
            kind="withdrawal", version=2, effective_from=date(2026, 1, 1), values=known.values | values,
            approved_by="The board", note="Decided",
        )
    )  # fmt: skip
    session.flush()
