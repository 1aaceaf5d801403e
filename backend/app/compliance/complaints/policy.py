"""Who may see and do what about complaints. Whom a complaint is about does not find it, whatever their duties."""

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.db.models import Complaint, IssuedDocument, User

NO_COMPLAINT = "There is no such complaint, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's list of complaints."""
    return subject.may(Permission.COMPLAINTS_READ)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("Your duties do not include complaints. Your own are under Complaints.")


def may_manage(subject: Actor) -> bool:
    """Enter complaints of others, and work on them."""
    return subject.may(Permission.COMPLAINTS_MANAGE)


def require_manage(subject: Actor) -> None:
    """Raises Forbidden unless `may_manage`."""
    if not may_manage(subject):
        raise Forbidden("Your duties do not include this. Ask the registrar. Nothing was saved.")


def is_about(subject: Actor, row: Complaint) -> bool:
    """Whether the complaint is about this person."""
    return subject.user_id is not None and row.about_user_id == subject.user_id


def may_read(subject: Actor, row: Complaint) -> bool:
    """The student's own, and those of everybody for those with the duty; never one about oneself."""
    return not is_about(subject, row) and (subject.user_id == row.student_id or may_list(subject))


def may_work(subject: Actor, row: Complaint) -> bool:
    """Take the school's steps; nobody in a matter of their own."""
    return may_manage(subject) and not is_about(subject, row) and subject.user_id != row.student_id


def visible(subject: Actor) -> ColumnElement[bool]:
    """The condition that a complaint is in this person's lists."""
    if not may_list(subject):
        return false() if subject.user_id is None else Complaint.student_id == subject.user_id
    return readable(subject)


def readable(subject: Actor) -> ColumnElement[bool]:
    """The condition that a complaint is not about this person."""
    return Complaint.about_user_id.is_distinct_from(subject.user_id) | Complaint.about_user_id.is_(None)


def hidden_letters(subject: Actor) -> ColumnElement[bool]:
    """The condition that a document is a letter of a complaint which this person may not see."""
    mine = Complaint.student_id == subject.user_id
    unseen = ~readable(subject) if may_list(subject) else or_(~mine, ~readable(subject))
    letters = select(Complaint.id).where(
        or_(
            Complaint.decision_document_id == IssuedDocument.id,
            Complaint.appeal_document_id == IssuedDocument.id,
        ),
        unseen,
    )
    return letters.exists()


def require_student(session: Session, subject: Actor, student_id: int) -> User:
    """The student whom a complaint concerns, also one who left. Raises NotFound."""
    return accounts.student_named(session, subject, student_id, deleted=True)


def require_readable(subject: Actor, row: Complaint | None) -> Complaint:
    """Raises NotFound unless there is one that the person may read."""
    if row is None or not may_read(subject, row):
        raise NotFound(NO_COMPLAINT)
    return row


def require_work(subject: Actor, row: Complaint | None) -> Complaint:
    """Raises NotFound for what the person may not read, Forbidden for who may not take the school's steps."""
    found = require_readable(subject, row)
    if not may_work(subject, found):
        require_manage(subject)
        raise Forbidden("This complaint concerns you, so somebody else works on it. Nothing was saved.")
    return found
