"""Who reads outcome counts, and who records where graduates are employed."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.compliance.outcomes import queries
from app.core import visibility
from app.core.errors import Forbidden
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."


def may_read(subject: Actor) -> bool:
    """Whoever reads the school's reports."""
    return subject.may(Permission.REPORTS_READ)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Your duties do not include the school’s reports. Ask the registrar.")


def may_record(subject: Actor) -> bool:
    """The registrar."""
    return subject.may(Permission.OUTCOMES_RECORD)


def may_see(session: Session, subject: Actor, student_id: int) -> bool:
    """Whether the person reads reports and knows of the student, or the student's account is deleted: GNPEC counts whom
    the school taught, and the people behind a count must be those that it counts."""
    return may_read(subject) and (
        visibility.may_see(session, subject, Records.STUDENTS, student_id)
        or queries.is_deleted_student(session, student_id)
    )


def require_record(subject: Actor, student_id: int) -> None:
    """Raises Forbidden for readers and for oneself."""
    if not may_record(subject):
        raise Forbidden("Your duties do not include this. Ask the registrar. Nothing was saved.")
    require_not_own(subject, student_id, "employment outcomes")


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student for whom `may_see` holds."""
    known: ColumnElement[bool] = visibility.limit(session, subject, Records.STUDENTS, column)
    found: ColumnElement[bool] = known | column.in_(queries.DELETED_STUDENTS)
    return found
