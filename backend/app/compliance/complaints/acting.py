"""The steps of a complaint but for its decisions: who looks into it, acknowledged, appealed, closed, taken to GNPEC."""

from datetime import date

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import mails, policies_in_force, policy, queries
from app.compliance.complaints.schemas import AppealForm, AssignForm, NoteForm
from app.compliance.complaints.steps import at_work, find, note_step, record, require_step
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid
from app.core.permissions import PERMISSIONS, SYSTEM, Permission, Subject, internal
from app.db.models import Complaint
from app.rules import complaints as rules
from app.rules.days import long_date
from app.settings import Settings, get_settings


@internal("who works at the school, for a choice by those who file or assign a complaint")
def staff_choices(session: Session, but: int | None = None, keep: int | None = None) -> list[tuple[int, str]]:
    """Everybody who works at the school, by name; and `keep`, whom it is about already and whose account is deleted."""
    return [
        (row.id, f"{row.full_name} (account deleted)" if row.deleted_at else row.full_name)
        for row in queries.staff(session, keep)
        if row.id != but
    ]


@internal("who can look into a complaint, for a choice by those who assign it")
def workers(session: Session, but: int | None = None) -> list[tuple[int, str]]:
    """Those whose duties of today include complaints, by name."""
    settings: Settings = session.info.get("settings") or get_settings()
    choices = staff_choices(session, but)
    people = accounts.people_by_id(session, [number for number, _ in choices])
    held = accounts.duties_of_people(session, SYSTEM, settings, list(people.values()))
    return [
        (number, name)
        for number, name in choices
        if any(Permission.COMPLAINTS_MANAGE in PERMISSIONS[duty] for duty in held[number])
    ]


def assign(session: Session, subject: Subject, complaint_id: int, values: AssignForm) -> Complaint:
    """Say who looks into it, and whom it is about. Raises Invalid where both are one, NotFound, Forbidden, Conflict."""
    row = at_work(session, subject, complaint_id)
    if row.state == "closed":
        raise Conflict("This complaint is closed. Nothing was saved.")
    staff = dict(staff_choices(session, keep=row.about_user_id))
    if values.about_user_id is not None and values.about_user_id not in staff:
        raise _wrong("about_user_id", "Choose somebody who works at the school.")
    if values.assigned_to is not None and values.assigned_to not in dict(workers(session)):
        raise _wrong("assigned_to", "Choose somebody whose duties include complaints.")
    if values.assigned_to is not None and values.assigned_to == values.about_user_id:
        raise _wrong("assigned_to", "Whom a complaint is about does not look into it. Choose somebody else.")
    if values.about_user_id is not None and values.about_user_id in (row.decided_by, row.appeal_decided_by):
        raise _wrong("about_user_id", "This person has decided the complaint, so it cannot be about them.")
    if values.about_user_id is not None and values.about_user_id == subject.user_id:
        raise _wrong("about_user_id", "A complaint about you is worked on by a colleague. Nothing was saved.")
    before = row.assigned_to
    row.assigned_to, row.about_user_id = values.assigned_to, values.about_user_id
    session.flush()
    name = staff.get(values.assigned_to or 0)
    note_step(session, subject, row, "assigned", f"To {name}" if name else "To nobody", private=True)
    record(session, subject, Action.COMPLAINT_ASSIGNED, row, to=name)
    if row.assigned_to != before:
        mails.send_assigned(session, subject, row)
    return row


def add_note(session: Session, subject: Subject, complaint_id: int, values: NoteForm) -> Complaint:
    """A note among the staff. Raises NotFound, Forbidden."""
    row = at_work(session, subject, complaint_id)
    note_step(session, subject, row, "noted", values.note, private=True)
    record(session, subject, Action.COMPLAINT_NOTED, row)
    return row


def acknowledge(session: Session, subject: Subject, complaint_id: int, words: str) -> Complaint:
    """Confirm that it came. Raises Conflict for one that is acknowledged, NotFound, Forbidden."""
    row = at_work(session, subject, complaint_id, "acknowledge")
    row.state = "acknowledged"
    return _done(session, subject, row, "acknowledged", Action.COMPLAINT_ACKNOWLEDGED, words)


def begin_review(session: Session, subject: Subject, complaint_id: int, words: str) -> Complaint:
    """Say that somebody is looking into it. Raises Conflict, NotFound, Forbidden."""
    row = at_work(session, subject, complaint_id, "review")
    row.state = "under_review"
    return _done(session, subject, row, "reviewed", Action.COMPLAINT_REVIEWED, words)


def appeal(
    session: Session, subject: Subject, complaint_id: int, values: AppealForm, today: date
) -> Complaint:
    """The student appeals the decision, or the office enters it. Raises Conflict after the last day, NotFound."""
    row = _own_or_at_work(session, subject, complaint_id, "appeal")
    if row.appeal_by is None or today > row.appeal_by:
        raise Conflict("The time to appeal is over. Nothing was saved. You can still take it to GNPEC.")
    terms = policies_in_force.of(session, today, use=True)
    row.state, row.appeal, row.appealed_on = "appealed", values.appeal, today
    row.appeal_due = rules.due(today, terms.decide_appeal_days)
    session.flush()
    note_step(session, subject, row, "appealed", values.appeal)
    record(session, subject, Action.COMPLAINT_APPEALED, row, due_on=row.appeal_due)
    mails.send_step(session, subject, row, "appealed")
    return row


def withdraw(session: Session, subject: Subject, complaint_id: int, words: str, today: date) -> Complaint:
    """Whoever complains takes it back; the office on their word. Raises Conflict, NotFound, Forbidden."""
    row = _own_or_at_work(session, subject, complaint_id, "withdraw")
    return _end(session, subject, row, "withdrawn", words, today)


def close(session: Session, subject: Subject, complaint_id: int, words: str, today: date) -> Complaint:
    """The student accepts the decision, or the time to appeal is over. Raises Conflict before, NotFound, Forbidden."""
    row = _own_or_at_work(session, subject, complaint_id, "close")
    own = policy.is_own(subject, row)
    if own:
        require_step(row, "appeal")
    elif row.state == "decided" and row.appeal_by is not None and today <= row.appeal_by:
        raise Conflict(f"The decision can be appealed until {long_date(row.appeal_by)}. Nothing was changed.")
    return _end(session, subject, row, "accepted" if own else "closed", words, today)


def refer(session: Session, subject: Subject, complaint_id: int, words: str, today: date) -> Complaint:
    """Put on record that the complaint is with GNPEC. Raises Conflict, NotFound, Forbidden."""
    row = at_work(session, subject, complaint_id, "refer")
    row.state, row.closed_on = "referred", None
    return _done(session, subject, row, "referred", Action.COMPLAINT_REFERRED, words)


def _own_or_at_work(session: Session, subject: Subject, complaint_id: int, step: str) -> Complaint:
    row = find(session, subject, complaint_id, lock=True)
    policy.require_own_or_work(subject, row)
    require_step(row, step)
    return row


def _end(session: Session, subject: Subject, row: Complaint, how: str, words: str, today: date) -> Complaint:
    row.state, row.closed_on = "closed", today
    session.flush()
    step = "withdrawn" if how == "withdrawn" else "closed"
    note_step(session, subject, row, step, words)
    record(session, subject, Action.COMPLAINT_CLOSED, row, how=how)
    mails.send_step(session, subject, row, step, words)
    return row


def _done(
    session: Session, subject: Subject, row: Complaint, step: str, action: Action, words: str
) -> Complaint:
    session.flush()
    note_step(session, subject, row, step, words)
    record(session, subject, action, row)
    mails.send_step(session, subject, row, step, words)
    return row


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
