"""Who reads what the record store holds, and who runs it. What a system's key may do is the engine's question."""

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records


def may_read_statements(subject: Actor) -> bool:
    """Statements, charts and files of them: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.STATEMENTS)


def require_read_statements(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_statements`."""
    if not may_read_statements(subject):
        raise Forbidden("Your duties do not include the learning record store.")


def may_read_statements_of(subject: Actor, user_id: int) -> bool:
    """What is known of one person: one's own, or another's with the right to read it."""
    return subject.user_id == user_id or may_read_statements(subject)


def require_read_statements_of(subject: Actor, user_id: int) -> None:
    """Raises NotFound unless `may_read_statements_of`."""
    if not may_read_statements_of(subject, user_id):
        raise NotFound("There is no such person, or you don’t have access to it.")


def may_read(subject: Actor) -> bool:
    """Which systems have keys, what was imported, and where statements are passed on to."""
    return subject.may(Permission.LRS_READ_ALL)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Keys, imports and forwarding are for administrators and auditors.")


def may_manage(subject: Actor) -> bool:
    """Keys of systems, imports, forwarding."""
    return subject.may(Permission.LRS_MANAGE)


def require_manage(subject: Actor) -> None:
    """Raises Forbidden unless `may_manage`."""
    if not may_manage(subject):
        raise Forbidden("Only administrators change keys, imports and forwarding.")
