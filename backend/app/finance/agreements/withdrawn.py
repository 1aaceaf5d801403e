"""What happens to agreements when a withdrawal is processed: nobody signs any more."""

from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.enrollment import service as enrollment
from app.enrollment.service import ProcessedWithdrawal
from app.finance.agreements import service


def _follow(session: Session, subject: Subject, processed: ProcessedWithdrawal) -> None:
    service.void_waiting(session, subject, processed.enrollment_id, "The enrollment has ended.")


enrollment.on_withdrawal_processed("agreements", _follow)
