"""Who may see and change enrollments. Other people's are not found rather than forbidden."""

from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject

NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."


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
        raise Forbidden("This list is for school staff. Your own programs are under Learn.")


def require_change(subject: Subject) -> None:
    if not may_change(subject):
        raise Forbidden(
            "Your duties do not include changing enrollments. Ask a registrar or an administrator."
        )


def require_read(subject: Subject, owner_id: int) -> None:
    """Staff read every enrollment, a student her own; any other is NotFound."""
    if not subject.is_staff and subject.user_id != owner_id:
        raise NotFound(NO_ENROLLMENT)


def require_end(subject: Subject, owner_id: int) -> None:
    """Completing opens a credential and withdrawing a refund: nobody does either for themselves."""
    require_change(subject)
    require_not_own(subject, owner_id, "enrollments")
