"""Who sees and manages kiosks, who has a PIN, who decides about punches."""

from app.compliance.attendance import policy as attendance
from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission


def may_read(subject: Actor) -> bool:
    """The list of kiosks: those who see students' hours."""
    return attendance.may_list(subject)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("The list of kiosks is for those who work with students’ hours.")


def may_manage(subject: Actor) -> bool:
    """Add, register and revoke kiosks: administrators."""
    return subject.may(Permission.SCHOOL_CHANGE)


def require_manage(subject: Actor) -> None:
    """Raises Forbidden unless `may_manage`."""
    if not may_manage(subject):
        raise Forbidden("Only administrators add and revoke kiosks. Nothing was changed.")


def may_issue_cards(subject: Actor) -> bool:
    """Print and revoke cards: who corrects everybody's hours."""
    return attendance.may_close(subject)


def require_issue_cards(subject: Actor) -> None:
    """Raises Forbidden unless `may_issue_cards`."""
    if not may_issue_cards(subject):
        raise Forbidden("Only registrars and administrators issue and revoke cards. Nothing was changed.")


def require_pin(subject: Actor) -> None:
    """Raises Forbidden for whoever does not clock in and out."""
    if not attendance.may_clock(subject):
        raise Forbidden("Only students clock in and out, so only they have a PIN for it.")
