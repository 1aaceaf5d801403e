"""A student's request for a leave of absence, by what addresses call its numbers."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from app.db.models import Enrollment, LeaveOfAbsence


def away(session: Session, enrollment: Enrollment, starts_on: date = date(2027, 3, 1)) -> dict[str, int]:
    """One that waits for the office."""
    leave = LeaveOfAbsence(
        request=uuid4(),
        enrollment_id=enrollment.id,
        user_id=enrollment.user_id,
        state="requested",
        reason="Surgery",
        starts_on=starts_on,
        return_on=starts_on + timedelta(days=28),
        requested_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        entered_by=enrollment.user_id,
    )
    session.add(leave)
    session.flush()
    return {"leave_id": leave.id}
