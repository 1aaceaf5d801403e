"""Who may see and change what the school teaches."""

from app.core.errors import Forbidden
from app.core.permissions import Subject


def may_change(subject: Subject) -> bool:
    """Programs are part of what the state approved: only administrators change them."""
    return subject.is_admin


def require_read(subject: Subject) -> None:
    """Instructors and administrators read every program; students have their own pages (Learn)."""
    if not subject.is_staff:
        raise Forbidden("Programs are managed by school staff. Your own lessons are under Learn.")


def require_change(subject: Subject) -> None:
    """Raise Forbidden unless this person may change programs, modules and lessons."""
    if not may_change(subject):
        raise Forbidden("Your duties do not include changing programs. Ask an administrator.")
