"""Who may see and change enrollments. Other people's are not found rather than forbidden."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records
from app.db.models import Enrollment

NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's lists of enrollments: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.ENROLLMENTS)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for those who work with students. Your own programs are under Learn.")


def may_read(session: Session, subject: Actor, owner_id: int) -> bool:
    """One's own enrollments always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.ENROLLMENTS, owner_id)


def require_read(session: Session, subject: Actor, owner_id: int) -> None:
    """Raises NotFound for enrollments that this person may not see."""
    if not may_read(session, subject, owner_id):
        raise NotFound(NO_ENROLLMENT)


def visible(session: Session, subject: Actor) -> ColumnElement[bool]:
    """The condition that an enrollment is one that this person may see."""
    return visibility.limit(session, subject, Records.ENROLLMENTS, Enrollment.user_id)


def may_read_withdrawals(subject: Actor, owner_id: int | None = None) -> bool:
    """Why students left, which may be medical; without an owner, everybody's."""
    return subject.user_id == owner_id or subject.may(Permission.WITHDRAWALS_READ)


def require_read_withdrawals(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_withdrawals`."""
    if not may_read_withdrawals(subject):
        raise Forbidden("Your duties do not include withdrawals and their reasons.")


def may_change(subject: Actor) -> bool:
    """Enroll students."""
    return subject.may(Permission.ENROLLMENTS_CHANGE)


def require_change(subject: Actor) -> None:
    """Raises Forbidden unless `may_change`."""
    if not may_change(subject):
        raise Forbidden("Your duties do not include enrolling students. Ask the registrar or admissions.")


def may_end(subject: Actor, owner_id: int | None = None) -> bool:
    """Complete and withdraw: one opens a credential, the other a refund, so nobody does either for themselves."""
    return subject.may(Permission.ENROLLMENTS_END) and subject.user_id != owner_id


def require_end(subject: Actor, owner_id: int | None = None) -> None:
    """Raises Forbidden unless `may_end`."""
    if not subject.may(Permission.ENROLLMENTS_END):
        raise Forbidden("Your duties do not include ending enrollments. Ask the registrar to do it for you.")
    if owner_id is not None:
        require_not_own(subject, owner_id, "enrollments")


def require_own(subject: Actor, owner_id: int) -> None:
    """Asking to leave is the student's own act. Raises NotFound for everybody else."""
    if subject.user_id != owner_id:
        raise NotFound(NO_ENROLLMENT)


def may_mark(subject: Actor) -> bool:
    """Attest a lesson that was done in class."""
    return subject.may(Permission.ENROLLMENTS_MARK_LESSONS)


def may_mark_for(subject: Actor, owner_id: int) -> bool:
    """The same for the lessons of one student; never one's own."""
    return may_mark(subject) and subject.user_id != owner_id


def require_mark_own(subject: Actor, owner_id: int) -> None:
    """Raises Forbidden for another's lesson: that needs the right to attest it."""
    if subject.user_id != owner_id:
        raise Forbidden("Your duties do not include marking lessons as done. Ask the instructor.")


def may_decide_leaves(subject: Actor, owner_id: int | None = None) -> bool:
    """Record, approve and end leaves of absence: for those who end enrollments, and never one's own."""
    return may_end(subject, owner_id)


def require_decide_leaves(subject: Actor, owner_id: int | None = None) -> None:
    """Raises Forbidden unless `may_decide_leaves`."""
    if not subject.may(Permission.ENROLLMENTS_END):
        raise Forbidden("Your duties do not include leaves of absence. Ask the registrar to do it for you.")
    if owner_id is not None:
        require_not_own(subject, owner_id, "leaves of absence")
