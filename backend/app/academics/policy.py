"""Who may see and change what the school teaches."""

from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission


def may_read(subject: Actor) -> bool:
    """Programs, modules and lessons as the staff keep them; students have their own pages (Learn)."""
    return subject.may(Permission.ACADEMICS_READ)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Programs are managed by school staff. Your own lessons are under Learn.")


def may_change(subject: Actor) -> bool:
    """Programs are part of what the state approved."""
    return subject.may(Permission.ACADEMICS_CHANGE)


def require_change(subject: Actor) -> None:
    """Raises Forbidden unless `may_change`."""
    if not may_change(subject):
        raise Forbidden("Your duties do not include changing programs. Ask an administrator.")
