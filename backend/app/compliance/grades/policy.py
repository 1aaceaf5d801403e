"""Who may see, enter and approve grades. Other people's are not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_CLASS = "There is no such class, or you don’t have access to its grades. Go back to the list of classes."
NO_STUDENT = "There is no such student, or you don’t have access to their grades."
NO_GRADE = "There is no such final grade, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's lists of grades: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.GRADES)


def may_open(subject: Actor) -> bool:
    """The page of grades: the staff's lists, and a student's own."""
    return subject.is_student or may_list(subject)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for those who work with grades. Your own are under Grades.")


def may_list_all(subject: Actor) -> bool:
    """Everybody's grades, without regard to classes."""
    return visibility.sees_all(subject, Records.GRADES)


def require_list_all(subject: Actor) -> None:
    """Raises Forbidden unless `may_list_all`."""
    if not may_list_all(subject):
        raise Forbidden("Your duties do not include the grades of the whole school.")


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own grades always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.GRADES, user_id)


def require_read(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for grades that this person may not see."""
    if not may_read(session, subject, user_id):
        raise NotFound(NO_STUDENT)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whose grades the person may see."""
    return visibility.limit(session, subject, Records.GRADES, column)


def may_read_class(subject: Actor, *, teaches: bool) -> bool:
    """The grade book of a class: who reads all grades, and who teaches it."""
    return may_list_all(subject) or (teaches and may_list(subject))


def may_read_final(session: Session, subject: Actor, user_id: int, *, teaches: bool) -> bool:
    """A final grade: whoever sees the student's grades, and who teaches its class, also once the student left it."""
    return may_read(session, subject, user_id) or may_read_class(subject, teaches=teaches)


def require_read_class(subject: Actor, *, teaches: bool) -> None:
    """Raises NotFound unless `may_read_class`."""
    if not may_read_class(subject, teaches=teaches):
        raise NotFound(NO_CLASS)


def may_enter(subject: Actor, *, teaches: bool) -> bool:
    """Set up the book, enter scores, submit final grades: the class's instructors, and administrators."""
    return subject.may(Permission.GRADES_ENTER) and may_read_class(subject, teaches=teaches)


def require_enter(subject: Actor, *, teaches: bool) -> None:
    """Raises NotFound for a class whose grades the person may not see, Forbidden for those who only read them."""
    require_read_class(subject, teaches=teaches)
    if not may_enter(subject, teaches=teaches):
        raise Forbidden("Grades are entered by the instructors of the class. Nothing was saved.")


def may_approve(subject: Actor, student_id: int | None = None) -> bool:
    """Approve and return final grades, decide changes; never one's own."""
    return subject.may(Permission.GRADES_APPROVE) and subject.user_id != student_id


def require_approve(subject: Actor, student_id: int | None = None) -> None:
    """Raises Forbidden unless `may_approve`."""
    if not subject.may(Permission.GRADES_APPROVE):
        raise Forbidden("Your duties do not include approving grades. Ask the registrar to do it.")
    if student_id is not None:
        require_not_own(subject, student_id, "grades")
