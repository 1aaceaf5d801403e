"""Who may see what goes, and when."""

from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission


def may_read(subject: Actor) -> bool:
    """Those who look after the system or audit it."""
    return subject.may(Permission.OPERATIONS_READ)


def require_read(subject: Actor) -> None:
    """Raise Forbidden unless this person may see what is due and what has gone."""
    if not may_read(subject):
        raise Forbidden("What is removed after a while is for administrators and auditors.")
