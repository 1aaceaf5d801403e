"""What students are mailed about a withdrawal."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.core import clock, mail
from app.core.actions import Action
from app.core.permissions import internal
from app.enrollment.withdrawals import queries
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats

_STEPS: Mapping[str, str] = {
    Action.WITHDRAWAL_REQUESTED: "requested",
    Action.WITHDRAWAL_RECORDED: "recorded",
    Action.WITHDRAWAL_PROCESSED: "processed",
}


@internal("a mail about what happened to their own enrollment")
def send_notice(session: Session, withdrawal_id: int, action: str) -> None:
    """Mail the student that a withdrawal came in, or that it was processed. Nothing for one that was canceled since."""
    row = queries.for_notice(session, withdrawal_id)
    step = _STEPS.get(action)
    if row is None or step is None:
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
        step=step,
        withdrawn_on=formats.day(withdrawn_on, known.zone),
        progress=withdrawal.progress_pct_at_withdrawal,
        page=f"{settings.app_origin}/enrollments/{withdrawal.enrollment_id}",
    )
