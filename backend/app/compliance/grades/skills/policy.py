"""Who may see skills, check them off, and change the lists. Other people's are not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_CLASS = "There is no such class, or you don’t have access to its check-offs. Go back to Check-offs."
NO_SKILL = "There is no such skill in this list; it may have been archived. Open the list again."
NO_STUDENT = "There is no such student, or you don’t have access to their skills."
NO_ATTEMPT = "There is no such attempt, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's pages of check-offs: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.SKILLS)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("Check-offs are for those who teach. Your own skills are under Grades.")


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own skills always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.SKILLS, user_id)


def require_read(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for skills that this person may not see."""
    if not may_read(session, subject, user_id):
        raise NotFound(NO_STUDENT)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whose skills the person may see."""
    return visibility.limit(session, subject, Records.SKILLS, column)


def require_read_class(subject: Actor, *, teaches: bool) -> None:
    """Raises NotFound for a class whose check-offs the person may not see."""
    if not (visibility.sees_all(subject, Records.SKILLS) or (teaches and may_list(subject))):
        raise NotFound(NO_CLASS)


def may_check_off(subject: Actor, student_id: int | None = None, *, teaches: bool) -> bool:
    """Record and void attempts: who teaches the class, and the registrar; never one's own."""
    reaches = visibility.sees_all(subject, Records.SKILLS) or teaches
    return subject.may(Permission.SKILLS_CHECK_OFF) and reaches and subject.user_id != student_id


def require_check_off(subject: Actor, student_id: int, *, teaches: bool) -> None:
    """Raises NotFound for another's class, Forbidden for those who only read and for one's own attempts."""
    require_read_class(subject, teaches=teaches)
    require_not_own(subject, student_id, "skills")
    if not may_check_off(subject, student_id, teaches=teaches):
        raise Forbidden("Skills are checked off by the instructors of the class. Nothing was saved.")


def may_read_lists(subject: Actor) -> bool:
    """The lists, with no student in them: whoever sees what programs are made of."""
    return subject.may(Permission.ACADEMICS_READ)


def require_read_lists(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_lists`."""
    if not may_read_lists(subject):
        raise Forbidden("Skill lists are for the staff. Your own skills are under Grades.")


def may_change_lists(subject: Actor) -> bool:
    """A program's list of skills belongs to what the program is made of."""
    return subject.may(Permission.ACADEMICS_CHANGE)


def require_change_lists(subject: Actor) -> None:
    """Raises Forbidden unless `may_change_lists`."""
    if not may_change_lists(subject):
        raise Forbidden("Only administrators change skill lists. Nothing was saved.")
