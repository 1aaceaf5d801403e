"""Who may set, hand in, read and grade assignments. Other people's work is not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_ASSIGNMENT = "There is no such assignment. Go back to the list of lessons."
NO_WORK = "There is no such work, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's lists of what was handed in: everybody's, or by the students of one's own classes."""
    return visibility.sees_some(subject, Records.GRADES)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for those who teach. Your own assignments are under Learn.")


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own work always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.GRADES, user_id)


def require_read(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for work that this person may not see."""
    if not may_read(session, subject, user_id):
        raise NotFound(NO_WORK)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whose work the person may see."""
    return visibility.limit(session, subject, Records.GRADES, column)


def may_grade(session: Session, subject: Actor, user_id: int) -> bool:
    """Grade, release and allow more: who enters grades of this student; never one's own."""
    return (
        subject.may(Permission.GRADES_ENTER)
        and subject.user_id != user_id
        and may_read(session, subject, user_id)
    )


def require_grade(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for work that this person may not see, Forbidden for one's own and for those who only read."""
    require_read(session, subject, user_id)
    require_not_own(subject, user_id, "grades")
    if not may_grade(session, subject, user_id):
        raise Forbidden("Work is graded by the instructors of the class. Nothing was saved.")


def may_set_due(subject: Actor, *, teaches: bool) -> bool:
    """Say until when a class hands in: who teaches it, and who keeps all classes."""
    return subject.may(Permission.CLASSES_MANAGE) or (teaches and subject.may(Permission.GRADES_ENTER))
