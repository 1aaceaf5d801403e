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
