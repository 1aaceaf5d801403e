"""Who may see and change enrollments. Other people's are not found rather than forbidden."""

from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission, Subject

NO_ENROLLMENT = "There is no such enrollment, or none that you may see."


def may_change(subject: Subject) -> bool:
    """Enrolling, completing and withdrawing are acts of the administration."""
    return subject.is_admin


def may_mark(subject: Subject) -> bool:
    """Staff may attest a lesson that was done in class."""
    return subject.is_staff


def may_mark_for(subject: Subject, owner_id: int) -> bool:
    """The same for the lessons of one student; never one's own."""
    return may_mark(subject) and subject.user_id != owner_id


def require_staff(subject: Subject) -> None:
    if not subject.is_staff:
        raise Forbidden("This list is for the school's staff. Your own programs are under Learn.")


def require_change(subject: Subject) -> None:
    if not may_change(subject):
        raise Forbidden("Only administrators change enrollments. Ask one of them to do it for you.")


def require_read(subject: Subject, owner_id: int) -> None:
    """Staff read every enrollment, a student her own; any other is NotFound."""
    if not subject.is_staff and subject.user_id != owner_id:
        raise NotFound(NO_ENROLLMENT)


def require_end(subject: Subject, owner_id: int) -> None:
    """Completing opens a credential and withdrawing a refund: nobody does either for themselves."""
    require_change(subject)
    require_not_own(subject, owner_id, "enrollments")


def may_import(subject: Actor) -> bool:
    """Import enrollments from a file, and undo that."""
    return subject.may(Permission.ENROLLMENTS_CHANGE)


def require_import(subject: Actor) -> None:
    """Raises Forbidden unless `may_import`."""
    if not may_import(subject):
        raise Forbidden("Your duties do not include enrollments. Ask an administrator.")
