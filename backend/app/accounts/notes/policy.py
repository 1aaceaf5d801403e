"""Who reads and writes notes.

A note is for the duties that its author named, and for its author: the one place where a duty is asked for itself and
not for what it allows, because a note's audience is what people do at the school. Administrators read it too only if
they are named.
"""

from sqlalchemy import ColumnElement, Text, cast, false, or_, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from app.accounts.profiles.policy import require_student
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Duty, Permission, Subject
from app.db.models import StudentNote, User

NO_NOTE = "There is no such note, or you don’t have access to it."


def may_read(subject: Actor) -> bool:
    """Notes at all; which ones, `readable` says."""
    return subject.may(Permission.NOTES_READ)


def require_read(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound unless the person sees the student and reads notes."""
    person = require_student(session, subject, user_id)
    if not may_read(subject) or subject.user_id == user_id:
        raise NotFound(NO_NOTE)
    return person


def may_write(subject: Actor, user_id: int) -> bool:
    """Write notes about this student; nobody about themselves."""
    return subject.may(Permission.NOTES_WRITE) and subject.user_id != user_id


def require_write(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound, or Forbidden for readers."""
    person = require_student(session, subject, user_id)
    require_not_own(subject, user_id, "notes")
    if not may_write(subject, user_id):
        if not may_read(subject):
            raise NotFound(NO_NOTE)
        raise Forbidden("Your duties include reading notes, but not writing them.")
    return person


def readable(subject: Actor) -> ColumnElement[bool]:
    """The condition that the person reads a note: named by a duty, or its author. The system reads all."""
    if not isinstance(subject, Subject):
        return true()
    if not may_read(subject):
        return false()
    held = cast(array([duty.value for duty in subject.held]), ARRAY(Text)) if subject.held else None
    own = StudentNote.author_id == subject.user_id
    return own if held is None else or_(own, StudentNote.audience.overlap(held))


def reads(subject: Actor, note: StudentNote) -> bool:
    """The same for one note."""
    if not isinstance(subject, Subject):
        return True
    return may_read(subject) and (
        note.author_id == subject.user_id or any(duty.value in note.audience for duty in subject.held)
    )


AUDIENCES = [duty for duty in Duty if duty is not Duty.CONTENT_AUTHOR]
"""Who a note can be for: content authors see no students."""
