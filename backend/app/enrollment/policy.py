"""Who may see and change enrollments. Other people's are not found rather than forbidden."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.db.models import Enrollment

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


def may_read(session: Session, subject: Subject, owner_id: int) -> bool:
    """One's own enrollments always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.ENROLLMENTS, owner_id)


def require_read(session: Session, subject: Subject, owner_id: int) -> None:
    """Raises NotFound for enrollments that this person may not see."""
    if not may_read(session, subject, owner_id):
        raise NotFound(NO_ENROLLMENT)


def visible(session: Session, subject: Subject) -> ColumnElement[bool]:
    """The condition that an enrollment is one that this person may see."""
    return visibility.limit(session, subject, Records.ENROLLMENTS, Enrollment.user_id)


def may_read_reasons(subject: Subject, owner_id: int | None = None) -> bool:
    """Why students left may be medical: it is for those who process withdrawals, and for the student."""
    return subject.may(Permission.WITHDRAWALS_READ) or subject.user_id == owner_id


def require_end(subject: Subject, owner_id: int) -> None:
    """Completing opens a credential and withdrawing a refund: nobody does either for themselves."""
    require_change(subject)
    require_not_own(subject, owner_id, "enrollments")
