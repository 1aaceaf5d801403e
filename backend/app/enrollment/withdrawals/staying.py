"""Whether an enrollment goes on: what has ended, or is about to, is agreed to no more."""

from sqlalchemy.orm import Session

from app.core.permissions import internal
from app.db.models import EnrollmentStatus
from app.enrollment.completions.service import found
from app.enrollment.withdrawals import queries


@internal("a step of agreeing, which the room that agrees allows")
def why_leaving(
    session: Session, enrollment_id: int, *, lock: bool = False, signed: bool = False
) -> str | None:
    """The sentence why nothing new is agreed for an enrollment; None while it goes on. Locked, it goes on until the
    transaction ends. What the student has `signed` others sign after they have completed the program, too. Raises
    NotFound."""
    record = found(session, enrollment_id, lock=lock)
    if signed and record.status is EnrollmentStatus.COMPLETED:
        return None
    if record.status is not EnrollmentStatus.ACTIVE:
        return f"This enrollment is {record.status.value}, so there is nothing to agree to."
    if queries.pending(session, enrollment_id) is not None:
        return "A withdrawal from this program waits for the office, so nothing new is agreed to meanwhile."
    return None
