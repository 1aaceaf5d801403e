"""Who may see and change the content of lessons, and what students did in them."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records


def may_read(subject: Actor) -> bool:
    """Preview lessons, which records nothing, and see the versions of their packages."""
    return subject.may(Permission.CONTENT_READ)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden(
            "Your duties do not include the content of lessons. Students open theirs under Learn."
        )


def may_change(subject: Actor) -> bool:
    """Upload and replace packages."""
    return subject.may(Permission.CONTENT_CHANGE)


def require_change(subject: Actor) -> None:
    """Raises Forbidden unless `may_change`."""
    if not may_change(subject):
        raise Forbidden("Your duties do not include changing the content of lessons. Ask a content author.")


def require_change_with_lessons(subject: Actor) -> None:
    """Add lessons with their content. Raises Forbidden for who may not do both."""
    require_change(subject)
    if not subject.may(Permission.ACADEMICS_CHANGE):
        raise Forbidden("Your duties do not include adding lessons. Ask an administrator.")


def may_read_results(subject: Actor) -> bool:
    """What students did in lessons, by class, by question and in quizzes: those who see lessons and students, of whom
    each sees their own."""
    return may_read(subject) and visibility.sees_some(subject, Records.STUDENTS)


def require_read_results(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_results`."""
    if not may_read_results(subject):
        raise Forbidden("Your duties do not include the results of students.")


def may_waive(session: Session, subject: Actor, user_id: int) -> bool:
    """Say that a student whom one sees need not do a part of a lesson; never oneself."""
    return (
        subject.may(Permission.ENROLLMENTS_MARK_LESSONS)
        and subject.user_id != user_id
        and may_read_attempts(session, subject, user_id)
    )


def require_waive(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for a student one does not see, Forbidden unless `may_waive`."""
    require_read_attempts(session, subject, user_id)
    if not may_waive(session, subject, user_id):
        raise Forbidden("Your duties do not include marking lessons as done. Ask the instructor.")


def may_read_attempts(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own work in lessons, or that of students whom one sees."""
    return visibility.may_see(session, subject, Records.STUDENTS, user_id)


def limit_attempts(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody of whom `may_read_attempts`."""
    return visibility.limit(session, subject, Records.STUDENTS, column)


def require_read_attempts(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound unless `may_read_attempts`."""
    if not may_read_attempts(session, subject, user_id):
        raise NotFound("There is no such record.")
