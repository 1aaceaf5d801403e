"""Who may see and change clock hours. Other people's are not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records
from app.db.models import Attendance

NO_RECORD = "There is no such attendance record, or you don’t have access to it."
NO_PERSON = "There is no such student, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's lists of hours: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.ATTENDANCE)


def may_list_all(subject: Actor) -> bool:
    """Everybody's hours, without regard to classes."""
    return visibility.sees_all(subject, Records.ATTENDANCE)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for those who work with students' hours. Your own are under Hours.")


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own hours always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.ATTENDANCE, user_id)


def require_read(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for hours that this person may not see."""
    if not may_read(session, subject, user_id):
        raise NotFound(NO_PERSON)


def visible(session: Session, subject: Actor, column: Any = Attendance.user_id) -> ColumnElement[bool]:
    """The condition that hours are such that this person may see."""
    return visibility.limit(session, subject, Records.ATTENDANCE, column)


def may_clock(subject: Actor) -> bool:
    """Clock in and out: students alone."""
    return subject.is_student


def require_clock(subject: Actor) -> None:
    """Raises Forbidden unless `may_clock`."""
    if not may_clock(subject):
        raise Forbidden(
            "Only students clock in and out. Enter or correct a student's hours under Attendance."
        )


def may_correct(subject: Actor, user_id: int | None = None) -> bool:
    """Enter and correct hours; never one's own."""
    return subject.may(Permission.ATTENDANCE_CORRECT) and subject.user_id != user_id


def require_correct(subject: Actor, user_id: int | None = None) -> None:
    """Raises Forbidden unless `may_correct`."""
    if not subject.may(Permission.ATTENDANCE_CORRECT):
        raise Forbidden("Your duties do not include correcting hours. Ask the registrar to do it for you.")
    if user_id is not None:
        require_not_own(subject, user_id, "hours")


def require_correct_for(session: Session, subject: Actor, user_id: int, missing: str) -> None:
    """Raises Forbidden for one's own hours and without the right to correct any; NotFound (`missing`) for those of a
    student whom this person may not see."""
    require_correct(subject, user_id)
    if not may_read(session, subject, user_id):
        raise NotFound(missing)


def may_excuse(subject: Actor) -> bool:
    """Excuse absences, for those whose hours the person sees."""
    return subject.may(Permission.ATTENDANCE_EXCUSE)


def require_excuse(subject: Actor) -> None:
    """Raises Forbidden unless `may_excuse`."""
    if not may_excuse(subject):
        raise Forbidden("Your duties do not include excusing absences. Nothing was saved.")


def may_mark(subject: Actor, *, teaches: bool) -> bool:
    """The roster of a class: its instructors, and those who correct everybody's hours."""
    return subject.may(Permission.ATTENDANCE_CORRECT) and (teaches or may_list_all(subject))


def require_mark(subject: Actor, *, teaches: bool) -> None:
    """Raises Forbidden unless `may_mark`."""
    if not may_mark(subject, teaches=teaches):
        raise Forbidden("Only the instructors of a class mark its roster. Nothing was saved.")


def may_ask(session: Session, subject: Actor, user_id: int) -> bool:
    """Ask for a correction: students of their own hours, the staff of those whose hours they see and correct."""
    if subject.user_id == user_id:
        return subject.is_student
    return may_correct(subject, user_id) and may_read(session, subject, user_id)


def require_ask(session: Session, subject: Actor, user_id: int, missing: str) -> None:
    """Raises Forbidden and NotFound (`missing`) unless `may_ask`."""
    if subject.is_student and subject.user_id == user_id:
        return
    if subject.is_student:
        raise NotFound(missing)
    require_correct_for(session, subject, user_id, missing)


def may_close(subject: Actor) -> bool:
    """Close a period: who corrects everybody's hours."""
    return subject.may(Permission.ATTENDANCE_CORRECT) and may_list_all(subject)


def require_close(subject: Actor) -> None:
    """Raises Forbidden unless `may_close`."""
    if not may_close(subject):
        raise Forbidden("Only registrars and administrators close a period. Nothing was saved.")
