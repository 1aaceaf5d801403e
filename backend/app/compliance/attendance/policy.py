"""Who may see and change clock hours: a student sees her own, the staff all; only the staff correct."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject
from app.core.visibility import Records
from app.db.models import Attendance

NO_RECORD = "There is no such attendance record, or none that you may see."
NO_PERSON = "There is no such student, or none that you may see."


def may_view(session: Session, subject: Subject, user_id: int) -> bool:
    """One's own hours always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.ATTENDANCE, user_id)


def require_view(session: Session, subject: Subject, user_id: int) -> None:
    """Raises NotFound for hours that this person may not see."""
    if not may_view(session, subject, user_id):
        raise NotFound(NO_PERSON)


def visible(session: Session, subject: Subject, column: Any = Attendance.user_id) -> ColumnElement[bool]:
    """The condition that hours are such that this person may see."""
    return visibility.limit(session, subject, Records.ATTENDANCE, column)


def require_clock(subject: Subject) -> None:
    """Raises Forbidden for the staff, who have no clock."""
    if not subject.is_student:
        raise Forbidden(
            "Only students clock in and out. Enter or correct a student's hours under Attendance."
        )


def require_correct(subject: Subject) -> None:
    """Raises Forbidden for students. Whose hours they are is `require_correct_for`'s question."""
    if not subject.is_staff:
        raise Forbidden("Only the school's staff correct attendance. Ask them to do it for you.")


def require_correct_for(session: Session, subject: Subject, user_id: int, missing: str) -> None:
    """Raises Forbidden for students, and for everybody where the hours are their own; NotFound (`missing`) for
    those of a student whom this person may not see."""
    require_correct(subject)
    require_not_own(subject, user_id, "hours")
    if not may_view(session, subject, user_id):
        raise NotFound(missing)
