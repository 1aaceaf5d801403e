"""Who reads and changes what of a student's file.

Whoever sees the student sees what to call them, the photo, and whom to call in an emergency; all of the file needs
more (34 CFR 99.31(a)(1): school officials by their legitimate interest). Students see all of theirs and keep their own
phones, addresses and emergency contacts.
"""

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.people import queries as people
from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission, Role
from app.core.visibility import Records
from app.db.models import User

NO_STUDENT = "There is no such student, or you don’t have access to it."
NOT_YOURS = "Your duties do not include changing student files. Ask the registrar or admissions."


def require_student(session: Session, subject: Actor, user_id: int, *, deleted: bool = False) -> User:
    """The student's account. Raises NotFound for anybody whose student it is not, for staff, and for deleted people
    unless `deleted`."""
    user = people.user(session, user_id)
    if user is None or (user.deleted_at is not None and not deleted) or user.role is not Role.STUDENT:
        raise NotFound(NO_STUDENT)
    policy.require_see(subject, user)
    if not visibility.may_see(session, subject, Records.STUDENTS, user_id):
        raise NotFound(NO_STUDENT)
    return user


def may_read_all(subject: Actor, user_id: int) -> bool:
    """All of the file: birth date, addresses, former names, masked identifiers, the school's own fields."""
    return subject.user_id == user_id or subject.may(Permission.STUDENT_FILES_READ)


def require_read_all(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound unless `may_read_all`."""
    user = require_student(session, subject, user_id)
    if not may_read_all(subject, user_id):
        raise NotFound(NO_STUDENT)
    return user


def may_list(subject: Actor) -> bool:
    """The list of everybody's contact information."""
    return subject.may(Permission.STUDENT_FILES_READ)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("Your duties do not include student files.")


def may_change(subject: Actor, user_id: int | None = None) -> bool:
    """What the office alone changes; nobody for themselves."""
    return subject.may(Permission.STUDENT_FILES_CHANGE) and subject.user_id != user_id


def require_change(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound for a student one does not see, Forbidden unless `may_change`."""
    user = require_read_all(session, subject, user_id)
    require_not_own(subject, user_id, "legal name, birth date and identifiers")
    require_change_some(subject)
    return user


def require_change_some(subject: Actor) -> None:
    """Raises Forbidden unless the person changes student files at all."""
    if not subject.may(Permission.STUDENT_FILES_CHANGE):
        raise Forbidden(NOT_YOURS)


def may_change_contacts(subject: Actor, user_id: int) -> bool:
    """Phones, addresses, emergency contacts, photo and preferred name: the office's and the student's own."""
    return subject.user_id == user_id or may_change(subject, user_id)


def require_change_contacts(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound for a student one does not see, Forbidden for readers."""
    user = require_read_all(session, subject, user_id)
    if not may_change_contacts(subject, user_id):
        raise Forbidden(NOT_YOURS)
    return user


def require_own(session: Session, subject: Actor, user_id: int) -> User:
    """The student's own account. Raises NotFound for anybody else's."""
    if subject.user_id != user_id:
        raise NotFound(NO_STUDENT)
    return require_student(session, subject, user_id)


def may_reveal(subject: Actor, user_id: int) -> bool:
    """See identifiers whole. Students know their own."""
    return subject.may(Permission.IDENTIFIERS_REVEAL) and may_read_all(subject, user_id)


def require_reveal(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound or Forbidden unless `may_reveal`."""
    user = require_read_all(session, subject, user_id)
    if not may_reveal(subject, user_id):
        raise Forbidden("Your duties do not include seeing identifiers in full. Ask the registrar.")
    return user


def require_define(subject: Actor) -> None:
    """Raises Forbidden unless the person says which fields the school's student file has."""
    if not may_define(subject):
        raise Forbidden("Only administrators choose the fields of the student file.")


def may_define(subject: Actor) -> bool:
    """Say which fields of its own the school's student file has."""
    return subject.may(Permission.SCHOOL_CHANGE)


def require_fields(subject: Actor) -> None:
    """Raises Forbidden unless the person sees how the school is set up."""
    if not subject.may(Permission.SCHOOL_READ) or not subject.may(Permission.STUDENT_FILES_READ):
        raise Forbidden("Your duties do not include the fields of the student file.")
