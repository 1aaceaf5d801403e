"""Nobody changes their own records, whatever their role: a student of last year may be an instructor today."""

from app.core.errors import Forbidden
from app.core.permissions import Actor


def require_not_own(subject: Actor, student_id: int, what: str) -> None:
    """Raises Forbidden where the person would change their own `what` (hours, lessons, a plural)."""
    if subject.user_id == student_id:
        raise Forbidden(
            f"You cannot change your own {what}, whatever your role. Nothing was saved; ask a colleague."
        )
