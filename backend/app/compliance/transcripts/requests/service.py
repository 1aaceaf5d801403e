"""Requests for transcripts with the student's consent, and what was given to whom.

A disclosure to somebody outside needs the student's signed and dated consent that names the records, the purpose and
the recipient (34 CFR 99.30); signed in the system, the sentence that was agreed to is kept with its moment. Each
delivery is a line of a log that loses none (34 CFR 99.32).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import issuing, policy
from app.compliance.transcripts import queries as transcripts
from app.compliance.transcripts.deliveries import service as delivering
from app.compliance.transcripts.deliveries.disclosure import BY_CONSENT, Agreed, Why
from app.compliance.transcripts.holds import service as holds
from app.compliance.transcripts.requests import queries
from app.compliance.transcripts.schemas import RequestForm
from app.core import clock, history, mail, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import IssuedDocument, TranscriptRequest
from app.db.session import Database
from app.school import service as school
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

Fee = Callable[[Session, int, str], int]
"""What a transcript costs a student by a way of delivery, in cents."""

_fees: dict[str, Fee] = {}


@internal("wiring at the start")
def register_fee(name: str, fee: Fee) -> None:
    """Let a room say what a transcript costs; without one, it costs nothing."""
    _fees[name] = fee


@internal("what a page says before anything is asked")
def fee_cents(session: Session, user_id: int, delivery: str) -> int:
    """What a request would cost this student."""
    return sum(fee(session, user_id, delivery) for fee in _fees.values())


# Asking


def request_transcript(session: Session, subject: Subject, values: RequestForm) -> TranscriptRequest:
    """Ask for one’s own transcript to be sent; the same `request` twice is one request.

    Raises NotFound, Invalid, Conflict while a hold stands.
    """
    known = queries.by_request(session, values.request)
    if known is not None:
        if known.user_id != subject.user_id or known.enrollment_id != values.enrollment_id:
            raise Conflict("This form was used for another request. Open the page again. Nothing was saved.")
        return known
    rows = transcripts.enrollments(session, [values.enrollment_id])
    if not rows or rows[0].user_id != subject.user_id:
        raise NotFound(policy.NO_ENROLLMENT)
    values.require_complete()
    standing = holds.sentences(session, subject.user_id)
    if standing:
        raise Conflict(
            "There is a hold on your transcripts, so none can be requested now: "
            f"{holds.in_a_row(standing)} Nothing was saved. You may have an unofficial copy at any time."
        )
    record = TranscriptRequest(
        request=values.request,
        user_id=subject.user_id,
        enrollment_id=values.enrollment_id,
        delivery=values.delivery,
        recipient=values.recipient,
        recipient_email=values.recipient_email if values.delivery == "mail" else None,
        recipient_address=values.recipient_address if values.delivery == "paper" else None,
        purpose=values.purpose,
        consent=consent_to(rows[0].program, values.recipient, values.purpose),
        consented_at=clock.now(),
        fee_cents=fee_cents(session, subject.user_id, values.delivery),
    )
    queries.add(session, record)
    history.record(
        session,
        subject,
        Action.TRANSCRIPT_REQUESTED,
        record.id,
        student_id=record.user_id,
        enrollment_id=record.enrollment_id,
        delivery=record.delivery,
        recipient=record.recipient,
    )
    return record


@internal("puts together what the person typed")
def consent_to(program: str, recipient: str, purpose: str) -> str:
    """The sentence that a student agrees to: the records, the recipient and the purpose."""
    return (
        f"I consent to the release of my transcript of the program {program} to {recipient} "
        f"for this purpose: {purpose}."
    )


def cancel(session: Session, subject: Subject, transcript_request_id: int) -> TranscriptRequest:
    """Take back one’s own request that waits. Raises NotFound, Conflict."""
    record = _waiting(session, subject, transcript_request_id)
    if record.user_id != subject.user_id:
        raise NotFound(policy.NO_REQUEST)
    return _decide(session, subject, record, "canceled", Action.TRANSCRIPT_REQUEST_CANCELED)


# Looking


def listed(session: Session, subject: Actor, paging: Paging, *, state: str | None = None) -> Listing[Any]:
    """Requests. Sorts: asked, student, recipient, state. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, TranscriptRequest.user_id)
    return queries.listing(session, paging, visible, state=state)


def count_waiting(session: Session, subject: Subject) -> int:
    """How many requests wait. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, TranscriptRequest.user_id)
    return queries.count_waiting(session, visible)


@views.opens(Part.DOCUMENT, student=lambda row, _given: row.TranscriptRequest.user_id)
def read(session: Session, subject: Subject, transcript_request_id: int) -> Row[Any]:
    """One request with student and program. Raises NotFound for other people’s."""
    row = queries.one(session, transcript_request_id)
    if row is None:
        raise NotFound(policy.NO_REQUEST)
    policy.require_read(session, subject, row.TranscriptRequest.user_id, policy.NO_REQUEST)
    return row


def of_student(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """A student’s requests, the newest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.of_student(session, user_id)


# Deciding


def decline(session: Session, subject: Subject, transcript_request_id: int, note: str) -> TranscriptRequest:
    """Say no, with the reason, by email too. Raises Forbidden, NotFound, Conflict."""
    policy.require_issue(subject)
    record = _waiting(session, subject, transcript_request_id)
    _decide(session, subject, record, "declined", Action.TRANSCRIPT_REQUEST_DECLINED, note=note)
    _mail_decision(session, subject, record, "")
    return record


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What a request came to. `link` is shown once, where the student passes it on."""

    document: IssuedDocument
    link: str | None


def fulfill(
    database: Database,
    subject: Subject,
    files: FileStore,
    settings: Settings,
    transcript_request_id: int,
    *,
    request: UUID,
) -> Fulfilled:
    """Issue the transcript and deliver it as asked: both in one transaction, or neither.

    Raises Forbidden, NotFound, Conflict while a hold stands and for a request that was decided meanwhile, and what
    issuing raises; nothing was issued or delivered then.
    """
    with database.begin() as session:
        policy.require_issue(subject)
        asked = _waiting(session, subject, transcript_request_id)
    links: list[str | None] = []

    def deliver(session: Session, document: IssuedDocument) -> None:
        record = _waiting(session, subject, transcript_request_id)
        record.document_id = document.id
        _decide(
            session,
            subject,
            record,
            "fulfilled",
            Action.TRANSCRIPT_REQUEST_FULFILLED,
            number=document.number,
        )
        link = delivering.deliver(
            session,
            subject,
            settings,
            document,
            record.delivery,
            record.recipient,
            Why(record.purpose, BY_CONSENT),
            agreed=Agreed(record.consented_at),
            email=record.recipient_email,
            request_id=record.id,
        )
        links.append(link if record.delivery == "link" else None)
        _mail_decision(session, subject, record, document.number)

    document = issuing.issue(
        database, subject, files, settings, asked.enrollment_id, request=request, then=deliver
    )
    if not links:
        raise Conflict("This request was answered already. Nothing was changed.")
    return Fulfilled(document, links[0])


def _waiting(session: Session, subject: Subject, request_id: int) -> TranscriptRequest:
    record = queries.locked(session, request_id)
    if record is None:
        raise NotFound(policy.NO_REQUEST)
    policy.require_read(session, subject, record.user_id, policy.NO_REQUEST)
    if record.state != "waiting":
        raise Conflict(f"This request was {record.state} already. Nothing was changed.")
    return record


def _decide(
    session: Session,
    subject: Subject,
    record: TranscriptRequest,
    state: str,
    action: Action,
    *,
    note: str | None = None,
    number: str | None = None,
) -> TranscriptRequest:
    record.state, record.decided_by, record.decided_at = state, subject.user_id, clock.now()
    record.note = note
    session.flush()
    history.record(
        session,
        subject,
        action,
        record.id,
        student_id=record.user_id,
        enrollment_id=record.enrollment_id,
        reason=note,
        number=number,
    )
    return record


def _mail_decision(session: Session, subject: Subject, record: TranscriptRequest, number: str) -> None:
    row = queries.one(session, record.id)
    if row is None:
        return
    mail.send(
        session,
        row.email,
        "transcript_request_decided",
        requested_by=subject.user_id,
        school=school.facts(session).legal_name,
        name=row.student,
        program=row.program,
        recipient=record.recipient,
        number=number,
        note=record.note or "",
        passed_on=record.delivery == "link",
    )
