"""A student's request for a leave of absence, by what addresses call its numbers."""

from datetime import UTC, date, datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from app.db.models import Enrollment, LeaveOfAbsence


def away(session: Session, enrollment: Enrollment) -> dict[str, int]:
    """One that waits for the office."""
    leave = LeaveOfAbsence(
        request=uuid4(),
        enrollment_id=enrollment.id,
        user_id=enrollment.user_id,
        state="requested",
        reason="Surgery",
        starts_on=date(2027, 3, 1),
        return_on=date(2027, 3, 29),
        requested_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        entered_by=enrollment.user_id,
    )
    session.add(leave)
    session.flush()
    return {"leave_id": leave.id}
