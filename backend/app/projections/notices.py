"""Email to people about what has happened to their account, and how they stand.

Mail with a link in it is not sent from here: a link lets its reader in, and no secret enters the history. A notice
happens once, so this subscriber begins with what happens from now on, and is never replayed.
"""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.attendance import service as attendance
from app.compliance.grades import service as grades
from app.content import service as content
from app.core.actions import Action
from app.db.models import AuditEntry
from app.enrollment import service as enrollment
from app.finance.refunds.cases import service as refund_cases
from app.projections.subscription import Subscriber

_TO_OWNER = frozenset(
    {
        Action.FACTORS_RESET,
        Action.FACTOR_ADDED,
        Action.FACTOR_REMOVED,
        Action.FACTOR_RESET_ASKED,
        Action.FACTOR_RESET_DECLINED,
        Action.PASSKEY_COPIED,
        Action.RECOVERY_CODES_MADE,
        Action.RECOVERY_CODE_USED,
    }
)
"""What a person is mailed about their second factors."""

_OF_TARGET: dict[str, Callable[[Session, int], None]] = {
    Action.ABSENCE_EXCUSED: attendance.send_absence_decision,
    Action.ABSENCE_NOT_EXCUSED: attendance.send_absence_decision,
    Action.ATTENDANCE_CORRECTION_APPROVED: attendance.send_decision,
    Action.ATTENDANCE_CORRECTION_DECLINED: attendance.send_decision,
    Action.HAND_IN_RELEASED: content.send_release,
    Action.PROGRESS_REVIEWED: grades.send_letter,
}
"""What needs no more than the number of what it is about."""

_OF_REFUNDS = frozenset({Action.REFUND_APPROVED, Action.REFUND_REMITTED, Action.REFUND_RETURNED})

_OF_WITHDRAWALS = frozenset(
    {Action.WITHDRAWAL_PROCESSED, Action.WITHDRAWAL_RECORDED, Action.WITHDRAWAL_REQUESTED}
)
_OF_LEAVES = frozenset(
    {
        Action.LEAVE_APPROVED,
        Action.LEAVE_CANCELED,
        Action.LEAVE_DECLINED,
        Action.LEAVE_EXTENDED,
        Action.LEAVE_RECORDED,
        Action.LEAVE_REQUESTED,
    }
)
_OF_SKILLS = frozenset({Action.SKILL_ATTEMPTED, Action.SKILL_VOIDED})


def _apply(session: Session, entries: Sequence[AuditEntry]) -> None:
    for entry in entries:
        if entry.action == Action.API_TOKEN_CREATED and entry.target_id is not None:
            accounts.send_token_created(session, int(entry.target_id), entry.occurred_at)
        elif entry.action == Action.USER_PASSWORD_SET:
            if entry.details.get("notify") and entry.target_id is not None:
                accounts.send_password_changed(session, int(entry.target_id), entry.occurred_at)
        elif entry.action in _OF_TARGET and entry.target_id is not None:
            _OF_TARGET[entry.action](session, int(entry.target_id))
        elif entry.action in _OF_REFUNDS and entry.target_id is not None:
            refund_cases.send_notice(session, int(entry.target_id), entry.action, entry.details)
        elif entry.action in _OF_LEAVES and entry.target_id is not None:
            enrollment.send_leave_notice(session, int(entry.target_id), entry.action, entry.details)
        elif entry.action in _OF_WITHDRAWALS and entry.target_id is not None:
            enrollment.send_withdrawal_notice(session, int(entry.target_id), entry.action)
        elif entry.action == Action.PROGRESS_APPEAL_DECIDED:
            grades.send_letter(session, int(entry.details["review_id"]), decided=True)
        elif entry.action in _OF_SKILLS and entry.target_id is not None:
            voided = entry.action == Action.SKILL_VOIDED
            grades.send_skill_notice(session, int(entry.target_id), voided=voided)
        else:
            _tell_of_factors(session, entry)


def _tell_of_factors(session: Session, entry: AuditEntry) -> None:
    owner = entry.details.get("user_id") or entry.target_id
    if owner is None:
        return
    accounts.send_factor_change(session, int(owner), entry.action, dict(entry.details), entry.occurred_at)
    if entry.action == Action.FACTOR_RESET_ASKED:
        accounts.send_reset_request(session, int(owner), entry.actor_id, entry.reason or "")


SUBSCRIBER = Subscriber(
    name="notices",
    title="Email notices",
    actions=_TO_OWNER
    | {one for one in Action if one in _OF_TARGET}
    | _OF_SKILLS
    | _OF_REFUNDS
    | _OF_WITHDRAWALS
    | _OF_LEAVES
    | {
        Action.API_TOKEN_CREATED,
        Action.PROGRESS_APPEAL_DECIDED,
        Action.USER_PASSWORD_SET,
    },
    apply=_apply,
    from_now=True,
)
