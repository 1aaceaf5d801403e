"""Who prepares, reads and signs enrollment agreements. Other people's are not found; nobody signs both sides."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

KEEPERS = Permission.AGREEMENTS_PREPARE
"""Who keeps such documents beside the registrar."""
NO_AGREEMENT = "There is no such agreement, or you don’t have access to it."
NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."


def may_read_all(subject: Actor) -> bool:
    """Whoever works with agreements, and auditors."""
    return subject.may(Permission.AGREEMENTS_READ)


def require_read_all(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_all`."""
    if not may_read_all(subject):
        raise Forbidden("Agreements are for the office. Your own are under Agreements in your account.")


def may_read(session: Session, subject: Actor, student_id: int) -> bool:
    """One's own, and for those who work with agreements those of students whom they see."""
    if subject.user_id == student_id:
        return True
    return may_read_all(subject) and visibility.may_see(session, subject, Records.STUDENTS, student_id)


def require_read(session: Session, subject: Actor, student_id: int) -> None:
    """Raises NotFound unless `may_read`."""
    if not may_read(session, subject, student_id):
        raise NotFound(NO_AGREEMENT)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column holds a student whose agreements the person sees."""
    found: ColumnElement[bool] = visibility.limit(session, subject, Records.STUDENTS, column)
    return found


def may_prepare(subject: Actor) -> bool:
    """Admissions, the registrar and the bursar."""
    return subject.may(Permission.AGREEMENTS_PREPARE)


def require_prepare(session: Session, subject: Actor, student_id: int) -> None:
    """Raises Forbidden, and NotFound for students whom the person does not see."""
    if not may_prepare(subject):
        raise Forbidden("Only admissions, the registrar and the bursar prepare agreements. Nothing was sent.")
    if subject.user_id != student_id and not may_read(session, subject, student_id):
        raise NotFound(NO_ENROLLMENT)
    require_not_own(subject, student_id, "agreements")


def may_sign_for_school(subject: Actor) -> bool:
    """The registrar and administrators."""
    return subject.may(Permission.AGREEMENTS_SIGN)


def require_sign_for_school(session: Session, subject: Actor, student_id: int) -> None:
    """Raises Forbidden, also for one's own: a student does not sign for the school, too. NotFound for others'."""
    if not may_sign_for_school(subject):
        if may_read(session, subject, student_id):
            raise Forbidden(
                "Only the registrar or an administrator signs for the school. Nothing was signed."
            )
        raise NotFound(NO_AGREEMENT)
    require_read(session, subject, student_id)
    require_not_own(subject, student_id, "agreements")


def require_own(subject: Actor, student_id: int) -> None:
    """Only the student signs as the student. Raises NotFound."""
    if subject.user_id is None or subject.user_id != student_id:
        raise NotFound(NO_AGREEMENT)


def may_change_fees(subject: Actor) -> bool:
    """The bursar."""
    return subject.may(Permission.LEDGER_POST)


def require_change_fees(subject: Actor) -> None:
    """Raises Forbidden unless `may_change_fees`."""
    if not may_change_fees(subject):
        raise Forbidden("Only the bursar changes what a program costs. Nothing was saved.")


def require_read_fees(subject: Actor) -> None:
    """Whoever prepares agreements or reads the ledger. Raises Forbidden."""
    if not (may_read_all(subject) or may_change_fees(subject)):
        raise Forbidden("What programs cost is for those who prepare agreements.")
