"""What happens to agreements when the enrollment ends, completed or withdrawn: nobody signs any more."""

from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.enrollment import service as enrollment
from app.finance.agreements import service


def _follow(session: Session, enrollment_id: int, _status: str) -> None:
    service.void_waiting(session, SYSTEM, enrollment_id, "The enrollment has ended.")


enrollment.on_ended("finance: agreements", _follow)
