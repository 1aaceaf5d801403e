"""Who may import. What a kind asks besides is its owner room's."""

from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission


def may_import(subject: Actor) -> bool:
    """Send files of records, and undo what was imported."""
    return subject.may(Permission.IMPORTS_RUN)


def require_import(subject: Actor) -> None:
    """Raises Forbidden unless `may_import`."""
    if not may_import(subject):
        raise Forbidden("Your duties do not include imports. Ask an administrator.")


def may_read_all(subject: Actor) -> bool:
    """Look at every import, as a part of the history."""
    return subject.may(Permission.HISTORY_READ)


def may_read(subject: Actor) -> bool:
    """Look at imports: at those of what one may import oneself, at least."""
    return may_import(subject) or may_read_all(subject)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Your duties do not include imports. Ask an administrator.")
