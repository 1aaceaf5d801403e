"""What students are mailed about a withdrawal."""

from sqlalchemy.orm import Session

from app.core import clock, mail
from app.core.permissions import internal
from app.enrollment.withdrawals import queries
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats


@internal("a mail about what happened to their own enrollment")
def send_notice(session: Session, withdrawal_id: int) -> None:
    """Mail the student that a withdrawal came in, or that it was processed. Nothing for one that was canceled since."""
    row = queries.for_notice(session, withdrawal_id)
    if row is None:
        return
    known = school.facts(session)
    settings: Settings = session.info.get("settings") or get_settings()
    withdrawal = row.Withdrawal
    withdrawn_on = clock.local(withdrawal.moment, known.zone).date()
    mail.send(
        session,
        row.email,
        "withdrawal",
        school=known.legal_name,
        name=row.full_name,
        program=row.program,
        processed=withdrawal.admin_processed_at is not None,
        asked=withdrawal.entered_by == withdrawal.user_id,
        withdrawn_on=formats.day(withdrawn_on, known.zone),
        progress=withdrawal.progress_pct_at_withdrawal,
        page=f"{settings.app_origin}/enrollments/{withdrawal.enrollment_id}",
    )
