"""Amendment: a student says that a record is wrong; the school decides; after a refusal a hearing; then a statement.

34 CFR 99.20 to 99.22: a refusal tells the student of the right to a hearing; the hearing is held by somebody without a
direct interest, with a written decision; where the record stays, the student's statement stays with it and is given out
with it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.privacy import policy, queries
from app.compliance.privacy.schemas import AmendmentForm, DecisionForm, HearingForm
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import AmendmentRequest
from app.school import service as school
from app.settings import Settings, get_settings


@dataclass(frozen=True, slots=True)
class OneAmendment:
    """A request with the names of those who acted, and what this person may do now."""

    row: AmendmentRequest
    student: str
    deleted: bool
    decided_by: str | None
    heard_by: str | None
    may_decide: bool
    may_hear: bool


def amendments_of(session: Session, subject: Subject, student_id: int) -> Sequence[AmendmentRequest]:
    """A student's requests, the newest first. Raises NotFound for another's."""
    policy.require_read(session, subject, student_id)
    return queries.amendments_of(session, student_id)


@views.opens(
    Part.PRIVACY, student=lambda found, _given: found.row.student_id, record=lambda found: found.row.id
)
def read_amendment(session: Session, subject: Subject, amendment_id: int) -> OneAmendment:
    """One request. Raises NotFound for another's."""
    row = _readable(session, subject, amendment_id)
    named = queries.names(session, row.decided_by, row.heard_by)
    student = accounts.people_by_id(session, [row.student_id])[row.student_id]
    manages = policy.may_manage(subject, row.student_id)
    return OneAmendment(
        row,
        student.full_name,
        student.deleted_at is not None,
        named.get(row.decided_by or 0),
        named.get(row.heard_by or 0),
        may_decide=manages and row.outcome is None,
        may_hear=manages
        and row.hearing_asked_at is not None
        and row.hearing_outcome is None
        and row.decided_by != subject.user_id,
    )


def ask_amendment(
    session: Session, subject: Subject, student_id: int, values: AmendmentForm
) -> AmendmentRequest:
    """The student asks to have a record amended, or the office enters their letter. Raises NotFound, Forbidden."""
    policy.require_own_or_manage(session, subject, student_id)
    known = queries.amendment_by_request(session, values.request, turn=True)
    if known is not None:
        if (known.student_id, known.asked_by) != (student_id, subject.user_id):
            raise Conflict("This form was used for another request. Open the page again. Nothing was saved.")
        return known
    row = AmendmentRequest(
        request=values.request,
        student_id=student_id,
        record=values.record,
        wanted=values.wanted,
        asked_by=subject.user_id,
    )
    queries.add(session, row)
    _record(session, subject, Action.AMENDMENT_ASKED, row, record=row.record)
    return row


def decide_amendment(
    session: Session, subject: Subject, amendment_id: int, values: DecisionForm
) -> AmendmentRequest:
    """Decide a request; the student gets an email, after a refusal with the right to a hearing.

    That the record was put right is entered where the record is: this keeps the decision. Raises Conflict for one
    that is decided, NotFound, Forbidden.
    """
    row = _manageable(session, subject, amendment_id)
    if row.outcome is not None:
        raise Conflict(f"This request was {row.outcome} already. Nothing was saved; open the page again.")
    row.outcome, row.decision = values.outcome, values.decision
    row.decided_by, row.decided_at = subject.user_id, clock.now()
    session.flush()
    _record(session, subject, Action.AMENDMENT_DECIDED, row, record=row.record, outcome=values.outcome)
    _mail(session, subject, row, values.outcome, values.decision)
    return row


def ask_hearing(session: Session, subject: Subject, amendment_id: int) -> AmendmentRequest:
    """The student asks for a hearing after a refusal. Raises Conflict where none can follow, NotFound for another's."""
    row = _own(session, subject, amendment_id)
    if row.outcome != "refused" or row.hearing_asked_at is not None:
        raise Conflict("A hearing follows a refusal, once. Nothing was changed; open the page again.")
    row.hearing_asked_at = clock.now()
    session.flush()
    _record(session, subject, Action.HEARING_ASKED, row, record=row.record)
    return row


def decide_hearing(
    session: Session, subject: Subject, amendment_id: int, values: HearingForm
) -> AmendmentRequest:
    """The written decision of the hearing, by somebody who did not refuse. Raises Conflict, NotFound, Forbidden."""
    row = _manageable(session, subject, amendment_id)
    if row.hearing_asked_at is None or row.hearing_outcome is not None:
        raise Conflict("No hearing is waiting for a decision. Nothing was saved; open the page again.")
    if row.decided_by == subject.user_id:
        raise Forbidden(
            "You refused this request, so someone else must hold the hearing (34 CFR 99.22). Nothing was saved."
        )
    row.hearing_outcome, row.hearing_decision = values.outcome, values.decision
    row.heard_by, row.heard_at = subject.user_id, clock.now()
    session.flush()
    _record(session, subject, Action.HEARING_HELD, row, record=row.record, outcome=values.outcome)
    _mail(session, subject, row, values.outcome, values.decision)
    return row


def attach_statement(
    session: Session, subject: Subject, amendment_id: int, statement: str
) -> AmendmentRequest:
    """The student's statement, after a hearing that left the record as it is. Raises Conflict, NotFound."""
    row = _own(session, subject, amendment_id)
    if row.hearing_outcome != "upheld":
        raise Conflict("A statement follows a hearing that left the record as it is. Nothing was saved.")
    if row.statement is not None:
        raise Conflict("Your statement is attached already. Nothing was saved.")
    row.statement, row.statement_at = statement, clock.now()
    session.flush()
    _record(session, subject, Action.STATEMENT_ATTACHED, row, record=row.record)
    return row


@internal("goes wherever the record goes: whoever gives records out asks for it")
def statements_of(session: Session, student_id: int) -> list[tuple[str, str]]:
    """What travels with a student's records: which record each statement is about, and its words."""
    return statements_by_student(session, [student_id]).get(student_id, [])


@internal("goes wherever the record goes: whoever gives records out asks for it")
def statements_by_student(session: Session, student_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """The same of many students in one query; students without a statement are left out."""
    found: dict[int, list[tuple[str, str]]] = {}
    for row in queries.statements_of(session, student_ids):
        found.setdefault(row.student_id, []).append((row.record, row.statement or ""))
    return found


def _readable(
    session: Session, subject: Subject, amendment_id: int, *, lock: bool = False
) -> AmendmentRequest:
    row: AmendmentRequest | None = queries.amendment(session, amendment_id, lock=lock)
    if row is None or not policy.may_read(subject, row.student_id):
        raise NotFound(policy.NO_REQUEST)
    # A deleted student’s request waits until somebody decides it: the record may still be given out.
    policy.require_read(session, subject, row.student_id, deleted=True)
    return row


def _manageable(session: Session, subject: Subject, amendment_id: int) -> AmendmentRequest:
    row = _readable(session, subject, amendment_id, lock=True)
    policy.require_manage(session, subject, row.student_id, deleted=True)
    return row


def _own(session: Session, subject: Subject, amendment_id: int) -> AmendmentRequest:
    row = _readable(session, subject, amendment_id, lock=True)
    if row.student_id != subject.user_id:
        raise Forbidden("The student does this, on their own page.")
    return row


def _record(
    session: Session, subject: Subject, action: Action, row: AmendmentRequest, **details: Any
) -> None:
    history.record(session, subject, action, row.id, student_id=row.student_id, **details)


def _mail(session: Session, subject: Subject, row: AmendmentRequest, outcome: str, decision: str) -> None:
    person = accounts.people_by_id(session, [row.student_id])[row.student_id]
    if person.deleted_at is not None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    mail.send(
        session,
        person.email,
        "amendment_decided",
        requested_by=subject.user_id,
        school=school.facts(session).legal_name,
        name=person.full_name,
        record=row.record,
        outcome=outcome,
        decision=decision,
        page=f"{settings.app_origin}/account/privacy/amendments/{row.id}",
    )
