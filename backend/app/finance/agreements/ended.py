"""What happens to agreements when the enrollment ends: after a withdrawal nobody signs any more; of a program that was
completed, the school still signs what the student had signed."""

from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.db.models import EnrollmentStatus
from app.enrollment import service as enrollment
from app.finance.agreements import service


def _follow(session: Session, enrollment_id: int, status: EnrollmentStatus) -> None:
    service.void_waiting(
        session,
        SYSTEM,
        enrollment_id,
        "The enrollment has ended.",
        keep_signed=status is EnrollmentStatus.COMPLETED,
    )


enrollment.on_ended("finance: agreements", _follow)
