"""Who reads and decides applications, and who sees and checks the documents that students bring."""

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.db.models import User

NO_APPLICATION = "There is no such application, or you don’t have access to it."
NO_DOCUMENT = "There is no such document, or you don’t have access to it."


def may_read(subject: Actor) -> bool:
    """Applications, and everybody's admission documents."""
    return subject.may(Permission.ADMISSIONS_READ)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Your duties do not include admissions.")


def may_manage(subject: Actor) -> bool:
    """Take in and decide applications, check documents, say what is required."""
    return subject.may(Permission.ADMISSIONS_MANAGE)


def require_manage(subject: Actor) -> None:
    """Raises Forbidden unless `may_manage`."""
    if not may_manage(subject):
        raise Forbidden("Your duties do not include admissions. Ask admissions or the registrar.")


def may_see_of(subject: Actor, user_id: int) -> bool:
    """The documents of one student: one's own, or everybody's."""
    return subject.user_id == user_id or may_read(subject)


def require_see_of(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound unless the person may see the documents of this student."""
    if not may_see_of(subject, user_id):
        raise NotFound(NO_DOCUMENT)
    return accounts.student_named(session, subject, user_id)


def require_add_for(session: Session, subject: Actor, user_id: int) -> User:
    """The student's account. Raises NotFound or Forbidden unless the person may send in documents for them."""
    person = require_see_of(session, subject, user_id)
    if subject.user_id != user_id:
        require_manage(subject)
    return person


def require_check_for(session: Session, subject: Actor, user_id: int) -> User:
    """The same for accepting and rejecting, which nobody does with their own."""
    person = require_see_of(session, subject, user_id)
    require_not_own(subject, user_id, "documents")
    require_manage(subject)
    return person
