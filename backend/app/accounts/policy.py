"""May this person see or change that account."""

from app.core.permissions import Role, Subject
from app.db.models import User


def visible_roles(subject: Subject) -> frozenset[Role]:
    """Whose accounts the person finds in lists: administrators everybody's, instructors students'."""
    if subject.is_admin:
        return frozenset(Role)
    return frozenset({Role.STUDENT}) if subject.is_staff else frozenset()


def may_see(subject: Subject, user: User) -> bool:
    """One's own account always; a deleted one only as administrator."""
    if user.deleted_at is not None:
        return subject.is_admin
    return user.id == subject.user_id or user.role in visible_roles(subject)
