"""Who makes the closure archive, and who sees that it was made."""

from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission

NO_ARCHIVE = "There is no such closure archive, or you don’t have access to it."


def may_read(subject: Actor) -> bool:
    """Whoever reads every document of the school."""
    return subject.may(Permission.DOCUMENTS_READ_ALL)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Your duties do not include the closure archive. Ask an administrator.")


def may_export(subject: Actor) -> bool:
    """The administrator: it is everybody's records at once."""
    return subject.may(Permission.CLOSURE_EXPORT)


def require_export(subject: Actor) -> None:
    """Raises Forbidden unless `may_export`."""
    if not may_export(subject):
        raise Forbidden("Only an administrator makes the closure archive. Nothing was started.")
