"""Who may compute refunds: of cases, of a student's enrollment, of one's own."""

from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission

NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."


def may_preview(subject: Actor) -> bool:
    """Whoever works with withdrawals. A case file opens no student's records."""
    return subject.may(Permission.WITHDRAWALS_READ)


def require_preview(subject: Actor) -> None:
    """Raises Forbidden unless `may_preview`."""
    if not may_preview(subject):
        raise Forbidden("Refunds are for those who work with withdrawals. Ask the bursar or the registrar.")


def require_what_if(subject: Actor, owner_id: int) -> None:
    """What leaving would refund: one's own always. Raises NotFound for others' unless `may_preview`."""
    if subject.user_id != owner_id and not may_preview(subject):
        raise NotFound(NO_ENROLLMENT)
