"""Who may see and change the school's facts, calendar and policies."""

from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission


def may_read(subject: Actor) -> bool:
    """Staff read them."""
    return subject.may(Permission.SCHOOL_READ)


def may_change(subject: Actor) -> bool:
    """Those whose duty says so change them."""
    return subject.may(Permission.SCHOOL_CHANGE)


def may_review(subject: Actor) -> bool:
    """Those who look after the facts and policies or audit them find them in the navigation."""
    return may_change(subject) or (may_read(subject) and subject.may(Permission.HISTORY_READ))


def require_read(subject: Actor) -> None:
    """Raise Forbidden unless this person may see the school's facts and policies."""
    if not may_read(subject):
        raise Forbidden("The school's details and policies are for its staff.")


def require_change(subject: Actor) -> None:
    """Raise Forbidden unless this person may change the school's facts, calendar and policies."""
    if not may_change(subject):
        raise Forbidden("Only administrators can change the school's details, calendar and policies.")
