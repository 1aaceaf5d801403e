"""Complaints: received from students, entered by the office, read with every step."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import mails, policies_in_force, policy, queries
from app.compliance.complaints import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.complaints.acting import (
    acknowledge,
    add_note,
    appeal,
    assign,
    begin_review,
    close,
    refer,
    staff_choices,
    withdraw,
    workers,
)
from app.compliance.complaints.letters import draft_appeal_decision, draft_decision
from app.compliance.complaints.papers import add_paper, keep, read_file, take_in
from app.compliance.complaints.policy import may_list, may_manage
from app.compliance.complaints.schemas import (
    PLAIN,
    PLAIN_OF_OTHERS,
    TITLES,
    ComplaintIn,
    OfficeForm,
    Shown,
    Step,
)
from app.compliance.complaints.steps import find, note_step, record
from app.core import views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileStore
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Complaint, User
from app.rules import complaints as rules
from app.school import service as school
from app.school.service import ComplaintsPolicy
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "acknowledge",
    "add_note",
    "add_paper",
    "appeal",
    "assign",
    "begin_review",
    "close",
    "draft_appeal_decision",
    "draft_decision",
    "enter",
    "file_own",
    "hidden_history",
    "hidden_mails",
    "letters_of",
    "list_complaints",
    "may_list",
    "may_manage",
    "of_student",
    "procedure",
    "read",
    "read_file",
    "refer",
    "require_entry",
    "staff_choices",
    "withdraw",
    "workers",
]


# Looking


def list_complaints(
    session: Session,
    subject: Actor,
    paging: Paging,
    today: date,
    *,
    state: str | None = None,
    kind: str | None = None,
) -> Listing[Any]:
    """Complaints, but for those about oneself. Sorts: received, due, number, student, kind, state. Raises Forbidden."""
    policy.require_list(subject)
    return queries.listing(session, paging, policy.visible(subject), today, state=state, kind=kind)


def of_student(session: Session, subject: Subject, student_id: int) -> Sequence[Complaint]:
    """A student's complaints, the newest first, as far as the person may read them. Raises NotFound for another's."""
    if subject.user_id != student_id and not policy.may_list(subject):
        raise NotFound(policy.NO_COMPLAINT)
    return [one for one in queries.of_student(session, student_id) if policy.may_read(subject, one)]


# Without the number: who has a student's file, or reads the history, may be whom the complaint is about.
@views.opens(Part.PRIVACY, student=lambda found, _given: found.row.student_id)
def read(session: Session, subject: Subject, complaint_id: int, today: date) -> Shown:
    """One complaint. Raises NotFound for other people's, and for whom it is about."""
    row = find(session, subject, complaint_id)
    theirs, own = subject.user_id == row.student_id, policy.is_own(subject, row)
    people = accounts.people_by_id(
        session, {one for one in (row.student_id, row.about_user_id, row.assigned_to) if one is not None}
    )
    due = rules.next_due(row.state, row.acknowledge_by, row.decide_by, row.appeal_due)
    return Shown(
        row,
        people[row.student_id].full_name,
        people[row.student_id].deleted_at is not None,
        people[row.about_user_id].full_name if row.about_user_id else None,
        people[row.assigned_to].full_name if row.assigned_to else None,
        [
            Step(
                TITLES.get(step.step, step.step),
                step.done_at,
                None if theirs else by,
                step.words,
                step.private,
            )
            for step, by in queries.steps(session, complaint_id)
            if not (theirs and step.private)
        ],
        list(queries.files(session, complaint_id)),
        due,
        (due - today).days if due else None,
        _plain(row, school.facts(session).zone, own=own or not theirs),
        _possible(subject, row, today),
        own,
    )


def letters_of(session: Session, subject: Subject, complaint_id: int) -> dict[int, str]:
    """The letters of a complaint: row and number of each. Raises NotFound for other people's."""
    row = find(session, subject, complaint_id)
    return queries.documents(session, [row.decision_document_id, row.appeal_document_id])


@internal("a condition for lists of the history that have asked before")
def hidden_history(session: Session, subject: Actor) -> ColumnElement[bool] | None:
    """That an entry of the history is about a complaint which the person must not find.

    None where there is no such complaint: long lists are then read as if there were no complaints.
    """
    hides = queries.hides_from(session, policy.unseen(subject))
    return policy.hidden_history(subject) if hides else None


@internal("a condition for lists of the outbox that have asked before")
def hidden_mails(session: Session, subject: Actor) -> ColumnElement[bool] | None:
    """That an email is about a complaint which the person must not find; None as in `hidden_history`."""
    return policy.hidden_mails(subject) if queries.hides_from(session, policy.unseen(subject)) else None


@internal("anybody may read how the school handles complaints")
def procedure(session: Session, today: date) -> ComplaintsPolicy:
    """The terms of today."""
    return policies_in_force.of(session, today)


# Receiving


def file_own(
    session: Session,
    subject: Subject,
    values: ComplaintIn,
    today: date,
    paper: tuple[FileStore, bytes] | None = None,
) -> Complaint:
    """A student complains. The same form sent twice is one complaint. Raises NotFound for the staff, Invalid."""
    if not subject.is_student:
        raise NotFound("This page is for students. The office enters complaints of others under Complaints.")
    return _receive(
        session,
        subject,
        values,
        today,
        paper,
        student_id=subject.user_id,
        complainant=subject.full_name,
        relation="student",
        email=subject.email,
        received_how="portal",
        received_on=today,
    )


def require_entry(session: Session, subject: Subject, student_id: int) -> User:
    """The student for whom the office enters a complaint. Raises NotFound, Forbidden."""
    person = policy.require_student(session, subject, student_id)
    policy.require_manage(subject)
    return person


def enter(
    session: Session,
    subject: Subject,
    student_id: int,
    values: OfficeForm,
    today: date,
    paper: tuple[FileStore, bytes] | None = None,
) -> Complaint:
    """The office enters a complaint as of the day it came. Raises NotFound, Forbidden, Invalid."""
    person = require_entry(session, subject, student_id)
    if values.received_on > today:
        raise _wrong("received_on", "This day is in the future.")
    own = values.relation in ("student", "former_student")
    if not own and values.complainant is None:
        raise _wrong("complainant", "Enter the complainant’s name.")
    email = values.email or (person.email if own and person.deleted_at is None else None)
    return _receive(
        session,
        subject,
        values,
        today,
        paper,
        student_id=student_id,
        complainant=person.full_name if own else values.complainant,
        relation=values.relation,
        email=email,
        received_how=values.received_how,
        received_on=values.received_on,
    )


def _receive(
    session: Session,
    subject: Subject,
    values: ComplaintIn,
    today: date,
    paper: tuple[FileStore, bytes] | None,
    *,
    received_on: date,
    **facts: Any,
) -> Complaint:
    known = _sent_before(session, subject, values.request)
    if known is not None:
        return known
    _require_staff(session, values.about_user_id, subject)
    stored = take_in(*paper) if paper else None
    number = queries.next_number(session, today.year)
    # Whoever sent the same form at the same moment has waited for the number.
    known = _sent_before(session, subject, values.request)
    if known is not None:
        return known
    terms = policies_in_force.of(session, received_on, use=True)
    row = Complaint(
        number=number,
        request=values.request,
        received_on=received_on,
        filed_by=subject.user_id,
        kind=values.kind,
        about_user_id=values.about_user_id,
        what=values.what,
        wanted=values.wanted,
        acknowledge_by=rules.due(received_on, terms.acknowledge_days),
        decide_by=rules.due(received_on, terms.decide_days),
        **facts,
    )
    queries.add(session, row)
    note_step(session, subject, row, "filed")
    if stored is not None:
        keep(session, subject, row, *stored)
    record(session, subject, Action.COMPLAINT_FILED, row, kind=row.kind)
    mails.send_step(session, subject, row, "filed")
    return row


def _sent_before(session: Session, subject: Actor, request: UUID) -> Complaint | None:
    known = queries.by_request(session, request)
    if known is not None and known.filed_by != subject.user_id:
        raise Conflict("This form was sent by somebody else. Open the page again. Nothing was saved.")
    return known


def _require_staff(session: Session, user_id: int | None, subject: Actor) -> None:
    if user_id is not None and user_id not in dict(staff_choices(session)):
        raise _wrong("about_user_id", "Choose somebody who works at the school.")
    if user_id is not None and user_id == subject.user_id:
        raise _wrong("about_user_id", "A complaint about you is entered by a colleague. Nothing was saved.")


def _plain(row: Complaint, zone: ZoneInfo, *, own: bool) -> str:
    days = {
        name: formats.day(value, zone) if value else ""
        for name, value in (
            ("acknowledge_by", row.acknowledge_by),
            ("decide_by", row.decide_by),
            ("appeal_by", row.appeal_by),
            ("appeal_due", row.appeal_due),
        )
    }
    said = PLAIN if own else PLAIN_OF_OTHERS
    return said[row.state].format(**days, complainant=row.complainant)


def _possible(subject: Subject, row: Complaint, today: date) -> frozenset[str]:
    """Which steps this person can take now."""
    found = set()
    if policy.is_own(subject, row):
        found = {step for step in ("withdraw", "appeal", "close") if rules.may(step, row.state)}
        if row.state == "referred":
            found.discard("close")
    elif policy.may_work(subject, row):
        found = {step for step in rules.STEPS if rules.may(step, row.state)}
        if row.state == "decided" and row.appeal_by is not None and today <= row.appeal_by:
            found.discard("close")
        if row.decided_by == subject.user_id:
            found.discard("decide_appeal")
        found |= {"note", "assign"} if row.state != "closed" else {"note"}
    if row.appeal_by is not None and today > row.appeal_by:
        found.discard("appeal")
    if row.state not in ("closed", "referred") and found:
        found.add("file")
    return frozenset(found)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
