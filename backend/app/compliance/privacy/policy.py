"""Who may see and do what FERPA asks for. Other people's are not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records
from app.db.models import User

NO_STUDENT = "There is no such student, or you don’t have access to it."
NO_REQUEST = "There is no such request, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's lists of disclosures, consents and requests."""
    return subject.may(Permission.PRIVACY_READ)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("Your duties do not include disclosures and requests of students. Ask the registrar.")


def may_read(subject: Actor, student_id: int) -> bool:
    """One's own always; others' for those with the duty."""
    return subject.user_id == student_id or may_list(subject)


def require_read(session: Session, subject: Actor, student_id: int, *, deleted: bool = False) -> User:
    """The student's account, `deleted` or not. Raises NotFound unless the person reads what FERPA keeps of them."""
    if not may_read(subject, student_id):
        raise NotFound(NO_STUDENT)
    return accounts.student_named(session, subject, student_id, deleted=deleted)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student whom the person knows of."""
    return visibility.limit(session, subject, Records.STUDENTS, column)


def may_manage(subject: Actor, student_id: int | None = None) -> bool:
    """Record, answer and decide; nobody for themselves."""
    return subject.may(Permission.PRIVACY_MANAGE) and subject.user_id != student_id


def require_manage_some(subject: Actor) -> None:
    """Raises Forbidden unless the person does it for anybody."""
    if not subject.may(Permission.PRIVACY_MANAGE):
        raise Forbidden("Your duties do not include this. Ask the registrar. Nothing was saved.")


def require_manage(session: Session, subject: Actor, student_id: int, *, deleted: bool = False) -> User:
    """The student's account. Raises NotFound for a student one does not see, Forbidden for readers and for oneself."""
    person = require_read(session, subject, student_id, deleted=deleted)
    require_manage_some(subject)
    require_not_own(subject, student_id, "requests and disclosures")
    return person


def require_own_or_manage(
    session: Session, subject: Actor, student_id: int, *, deleted: bool = False
) -> User:
    """The student's account, for the student and for whoever enters a letter of theirs. Raises NotFound, Forbidden."""
    if subject.user_id == student_id:
        return accounts.require_own(session, subject, student_id)
    return require_manage(session, subject, student_id, deleted=deleted)
