"""Who sees accounts and who posts to them. Other people's are not found; nobody posts to their own."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records
from app.finance.ledger import queries

NO_STUDENT = "There is no such student, or you don’t have access to their account."
NO_TRANSACTION = "There is no such transaction, or you don’t have access to it."
NO_PAYER = "There is no such payer, or you don’t have access to it."


def may_read_all(subject: Actor) -> bool:
    """Whoever reads the ledger."""
    return subject.may(Permission.LEDGER_READ)


def require_read_all(subject: Actor) -> None:
    if not may_read_all(subject):
        raise Forbidden("The ledger is for the bursar. Your own account is under Money.")


def may_read(session: Session, subject: Actor, student_id: int) -> bool:
    """A student's account: the student, and those who read the ledger, of students whom they may see."""
    if subject.user_id == student_id:
        return True
    return may_read_all(subject) and (
        visibility.may_see(session, subject, Records.STUDENTS, student_id)
        or queries.is_deleted_student(session, student_id)
    )


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student whose money the person sees.

    A deleted account owes what it owed: the figures of the ledger have it, too.
    """
    visible: ColumnElement[bool] = visibility.limit(session, subject, Records.STUDENTS, column)
    found: ColumnElement[bool] = visible | column.in_(queries.DELETED_STUDENTS)
    return found


def require_read(session: Session, subject: Actor, student_id: int, sentence: str = NO_STUDENT) -> None:
    if not may_read(session, subject, student_id):
        raise NotFound(sentence)


def may_post(subject: Actor) -> bool:
    """The bursar."""
    return subject.may(Permission.LEDGER_POST)


def require_post(subject: Actor) -> None:
    if not may_post(subject):
        raise Forbidden("Only the bursar posts to the ledger. Nothing was posted.")


def require_post_to(session: Session, subject: Actor, student_id: int) -> None:
    """Post to one student's account. Raises Forbidden, NotFound."""
    require_post(subject)
    require_read(session, subject, student_id)
    require_not_own(subject, student_id, "charges and payments")
