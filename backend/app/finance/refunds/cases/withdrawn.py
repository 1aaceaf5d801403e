"""What refunds do for others: compute one as a withdrawal is processed, and say what leaving would refund."""

from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.enrollment import service as enrollment
from app.enrollment.service import ProcessedWithdrawal
from app.finance.refunds import service as refunds
from app.finance.refunds.cases.account import Leaving, if_left
from app.finance.refunds.cases.service import open_for_withdrawal


def _follow(session: Session, subject: Subject, processed: ProcessedWithdrawal) -> None:
    open_for_withdrawal(session, subject, Leaving.of(processed))


enrollment.on_withdrawal_processed("refund", _follow)
refunds.register_account(if_left)
