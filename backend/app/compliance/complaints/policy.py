"""Who may see and do what about complaints. Whom a complaint is about does not find it, whatever their duties."""

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core.actions import Action
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission, Role
from app.core.views import Part
from app.db.models import AuditEntry, Complaint, ComplaintFile, IssuedDocument, OutboxMessage, User

OF_STUDENTS = ("student", "former_student")
"""Whose complaints the student withdraws, accepts and appeals themselves."""
_LETTER = or_(
    Complaint.decision_document_id == IssuedDocument.id, Complaint.appeal_document_id == IssuedDocument.id
)
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
    return select(Complaint.id).where(_LETTER, unseen(subject)).exists()


def unseen(subject: Actor) -> ColumnElement[bool]:
    """The condition that somebody must not find a complaint: one about them, others' without the duty."""
    if may_list(subject):
        return ~readable(subject)
    return or_(Complaint.student_id != subject.user_id, ~readable(subject))


def hidden_history(subject: Actor) -> ColumnElement[bool]:
    """The condition that an entry of the history is about a complaint which this person must not find.

    By what it is written about, by what somebody looked at, by what was refused, and by the email that was opened: of
    the complaint, its papers and its letters. Never null, so that it can be negated.
    """
    if subject.user_id is None:
        return false()
    hidden = unseen(subject)
    numbers = select(cast(Complaint.id, Text)).where(hidden)
    papers = select(cast(ComplaintFile.id, Text)).join(Complaint, Complaint.id == ComplaintFile.complaint_id)
    papers = papers.where(hidden)
    letters = select(cast(IssuedDocument.id, Text)).join(Complaint, _LETTER).where(hidden)
    named = select(IssuedDocument.number).join(Complaint, _LETTER).where(hidden)
    target_id, record, table, part, subject_line = (
        func.coalesce(value, "")
        for value in (
            AuditEntry.target_id,
            *(AuditEntry.details[name].as_string() for name in ("record", "table", "part", "subject_line")),
        )
    )
    viewed = or_(
        record.in_(select(Complaint.number).where(hidden)),
        record.in_(named),
        # Rows of earlier versions name papers by their row, as requests to see records are named.
        and_(part == Part.PRIVACY.value, record.in_(papers)),
    )
    return or_(
        and_(AuditEntry.target == "complaints", target_id.in_(numbers)),
        and_(AuditEntry.target == "complaint_files", target_id.in_(papers)),
        and_(AuditEntry.target == "issued_documents", target_id.in_(letters)),
        and_(AuditEntry.action == Action.RECORD_VIEWED.value, viewed),
        and_(table == "complaints", record.in_(numbers)),
        and_(table == "complaint_files", record.in_(papers)),
        and_(table == "issued_documents", record.in_(letters)),
        and_(
            AuditEntry.target == "outbox_messages",
            exists().where(hidden, func.strpos(subject_line, Complaint.number) > 0),
        ),
    )


def hidden_mails(subject: Actor) -> ColumnElement[bool]:
    """The condition that an email is about a complaint which this person must not find: its subject has the number."""
    if subject.user_id is None:
        return false()
    return exists().where(unseen(subject), func.strpos(OutboxMessage.subject, Complaint.number) > 0)


def is_own(subject: Actor, row: Complaint) -> bool:
    """Whether the student made this complaint: one that a parent or an employer made about them is not theirs."""
    return subject.user_id == row.student_id and row.relation in OF_STUDENTS


def follows_on_pages(row: Complaint, student: User) -> bool:
    """Whether who made the complaint can sign in, follow it and appeal: a student with an account, or one who left."""
    return row.relation in OF_STUDENTS and student.role is Role.STUDENT and student.deleted_at is None


def require_own_or_work(subject: Actor, row: Complaint) -> None:
    """Raises Forbidden for whoever neither made it nor takes the school's steps."""
    if is_own(subject, row):
        return
    if subject.user_id == row.student_id:
        raise Forbidden(
            f"{row.complainant} made this complaint, so only they can take it further. Nothing was saved."
        )
    require_work(subject, row)


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
