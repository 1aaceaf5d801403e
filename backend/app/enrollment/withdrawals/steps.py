"""Steps that several acts on a withdrawal share."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.permissions import Subject
from app.db.models import Enrollment, Withdrawal
from app.enrollment import policy
from app.enrollment.completions.service import found
from app.enrollment.endings.processed import Figures
from app.enrollment.withdrawals import figures as measures
from app.enrollment.withdrawals import moments, queries

NONE_PENDING = (
    "No withdrawal of this enrollment is waiting to be processed; someone may have processed it already. "
    "Nothing was changed."
)


def waiting(session: Session, subject: Subject, enrollment_id: int) -> tuple[Enrollment, Withdrawal]:
    """The enrollment, locked, and its pending withdrawal, for those who may end it. NotFound, Forbidden, Conflict."""
    record = found(session, enrollment_id, lock=True)
    policy.require_read(session, subject, record.user_id)
    policy.require_end(subject, record.user_id)
    withdrawal = queries.pending(session, record.id)
    if withdrawal is None:
        raise Conflict(NONE_PENDING)
    return record, withdrawal


def set_moment(
    session: Session, record: Enrollment, withdrawal: Withdrawal, zone: ZoneInfo
) -> tuple[str, Figures]:
    """Set the moment of the withdrawal and, until it freezes, its progress: the sentence that says why, and the figures
    of that moment.
    """
    when = moments.find(session, record, withdrawal, zone)
    figures = measures.measure(session, record, when.at, zone)
    withdrawal.withdrawn_at, withdrawal.date_basis = when.at, when.event
    withdrawal.progress_pct_at_withdrawal = figures.percent
    return when.why, figures
