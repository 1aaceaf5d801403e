"""Requests for transcripts with the student's consent, and what was given to whom.

A disclosure to somebody outside needs the student's signed and dated consent that names the records, the purpose and
the recipient (34 CFR 99.30); signed in the system, the sentence that was agreed to is kept with its moment. Each
delivery is a line of a log that loses none (34 CFR 99.32).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import codes, content, issuing, policy
from app.compliance.transcripts import queries as transcripts
from app.compliance.transcripts.holds import service as holds
from app.compliance.transcripts.requests import queries
from app.compliance.transcripts.schemas import RequestForm
from app.core import clock, history, mail, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.permissions import Subject, internal
from app.core.tokens import new_token
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import IssuedDocument, TranscriptDelivery, TranscriptRequest
from app.db.session import Database
from app.school import service as school
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

LINK_DAYS = 30
"""How long a link leads to the transcript, unless the holder chose otherwise."""
NO_LINK = (
    "This link does not lead to a transcript. It may have expired or been taken back, or the transcript is no longer "
    "valid. Ask the person who gave it to you for a new one."
)
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
    """Ask for one’s own transcript to be sent. Raises NotFound, Invalid, Conflict while a hold stands."""
    rows = transcripts.enrollments(session, [values.enrollment_id])
    if not rows or rows[0].user_id != subject.user_id:
        raise NotFound(policy.NO_ENROLLMENT)
    values.require_complete()
    if holds.sentences(session, subject.user_id):
        raise Conflict(
            "There is a hold on your transcripts, so none can be requested now: "
            f"{' '.join(holds.sentences(session, subject.user_id))} Nothing was saved. You may have an unofficial copy "
            "at any time."
        )
    record = TranscriptRequest(
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


@internal("words")
def consent_to(program: str, recipient: str, purpose: str) -> str:
    """The sentence that a student agrees to: the records, the recipient and the purpose."""
    return (
        f"I consent to the release of my transcript of the program {program} to {recipient} "
        f"for this purpose: {purpose}."
    )


def cancel(session: Session, subject: Subject, request_id: int) -> TranscriptRequest:
    """Take back one’s own request that waits. Raises NotFound, Conflict."""
    record = _waiting(session, subject, request_id)
    if record.user_id != subject.user_id:
        raise NotFound(policy.NO_REQUEST)
    return _decide(session, subject, record, "canceled", Action.TRANSCRIPT_REQUEST_CANCELED)


# Looking


def listed(session: Session, subject: Subject, paging: Paging, *, state: str | None = None) -> Listing[Any]:
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
def read(session: Session, subject: Subject, request_id: int) -> Row[Any]:
    """One request with student and program. Raises NotFound for other people’s."""
    row = queries.one(session, request_id)
    if row is None:
        raise NotFound(policy.NO_REQUEST)
    policy.require_read(session, subject, row.TranscriptRequest.user_id, policy.NO_REQUEST)
    return row


def of_student(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """A student’s requests, the newest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.of_student(session, user_id)


def deliveries(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """What of a student’s transcripts was given to whom, the newest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.deliveries_of(session, user_id=user_id)


@views.opens(Part.DOCUMENT, student=lambda found, _given: found[0].user_id)
def deliveries_of(
    session: Session, subject: Subject, document_id: int
) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """A transcript, and what of it was given to whom, the newest first. Raises NotFound for other people’s."""
    row = transcripts.by_document(session, document_id)
    if row is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    return row, queries.deliveries_of(session, document_id=document_id)


# Deciding


def decline(session: Session, subject: Subject, request_id: int, note: str) -> TranscriptRequest:
    """Say no, with the reason, by email too. Raises Forbidden, NotFound, Conflict."""
    policy.require_issue(subject)
    record = _waiting(session, subject, request_id)
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
    request_id: int,
    *,
    request: UUID,
) -> Fulfilled:
    """Issue the transcript and deliver it as asked. The same `request` (the act) twice is one transcript.

    Raises Forbidden, NotFound, Conflict while a hold stands, and what issuing raises; nothing was delivered then.
    """
    with database.begin() as session:
        policy.require_issue(subject)
        enrollment_id = _waiting(session, subject, request_id).enrollment_id
    document = issuing.issue(database, subject, files, settings, enrollment_id, request=request)
    with database.begin() as session:
        record = _waiting(session, subject, request_id)
        record.document_id = document.id
        _decide(
            session,
            subject,
            record,
            "fulfilled",
            Action.TRANSCRIPT_REQUEST_FULFILLED,
            number=document.number,
        )
        link = _deliver(
            session,
            subject,
            settings,
            document,
            record.delivery,
            record.recipient,
            email=record.recipient_email,
            request_id=record.id,
        )
        _mail_decision(session, subject, record, document.number)
    return Fulfilled(document, link if record.delivery == "link" else None)


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


# Delivering


def share(
    session: Session,
    subject: Subject,
    settings: Settings,
    document_id: int,
    recipient: str,
    days: int = LINK_DAYS,
) -> str:
    """A link to a transcript for the holder to pass on, or for the registrar; shown once. Raises NotFound, Conflict."""
    row = transcripts.by_document(session, document_id)
    if row is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    if subject.user_id != row.user_id:
        policy.require_issue(subject)
    holds.require_none(session, row.user_id)
    if row.status != "issued":
        raise Conflict("This transcript is no longer valid. Share the one that took its place.")
    document = session.get_one(IssuedDocument, document_id)
    return _deliver(session, subject, settings, document, "link", recipient, days=days) or ""


def _deliver(
    session: Session,
    subject: Subject,
    settings: Settings,
    document: IssuedDocument,
    method: str,
    recipient: str,
    *,
    email: str | None = None,
    request_id: int | None = None,
    days: int = LINK_DAYS,
) -> str | None:
    """Write the line of the log, and send what is to be sent; the link, if there is one."""
    clear, hashed = new_token() if method != "paper" else (None, None)
    expires = clock.now() + timedelta(days=days) if clear else None
    row = TranscriptDelivery(
        document_id=document.id,
        request_id=request_id,
        method=method,
        recipient=recipient,
        token_hash=hashed,
        expires_at=expires,
        sent_by=subject.user_id,
    )
    queries.add(session, row)
    link = f"{settings.app_origin}/shared-transcript#{clear}" if clear else None
    if method == "mail":
        if not email:
            raise Invalid("There is no email address to send the link to. Nothing was sent.")
        mail.send(
            session,
            email,
            "transcript_link",
            link=link,
            link_expires_at=expires,
            requested_by=subject.user_id,
            school=school.facts(session).legal_name,
            recipient=recipient,
            number=document.number,
            days=days,
            page=f"{settings.app_origin}/verify/transcript",
        )
    history.record(
        session,
        subject,
        Action.TRANSCRIPT_DELIVERED,
        row.id,
        student_id=document.student_id,
        enrollment_id=document.enrollment_id,
        number=document.number,
        delivery=method,
        recipient=recipient,
    )
    return link


def revoke(session: Session, subject: Subject, delivery_id: int) -> TranscriptDelivery:
    """Take a link back. Raises NotFound, Conflict for one that leads nowhere any more."""
    found = queries.delivery(session, delivery_id)
    if found is None:
        raise NotFound("There is no such link, or you don’t have access to it.")
    policy.require_read(session, subject, found.student_id, policy.NO_TRANSCRIPT)
    if subject.user_id != found.student_id:
        policy.require_issue(subject)
    row: TranscriptDelivery = found.TranscriptDelivery
    if row.token_hash is None or row.revoked_at is not None:
        raise Conflict("There is no link to take back, or it was taken back already.")
    row.revoked_at = clock.now()
    session.flush()
    history.record(
        session,
        subject,
        Action.TRANSCRIPT_LINK_REVOKED,
        row.id,
        student_id=found.student_id,
        number=found.number,
        delivery=row.method,
        recipient=row.recipient,
    )
    return row


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link shows: the transcript in full, and until when."""

    number: str
    student: str
    content: content.Content
    delivery: TranscriptDelivery
    document: IssuedDocument

    @property
    def issued_on(self) -> date:
        return date.fromisoformat(self.content["issued_on"])


def open_link(session: Session, token: str, *, downloaded: bool = False) -> Shared:
    """What is behind a link’s secret; noted each time. Raises NotFound with one sentence for whatever is wrong."""
    now = clock.now()
    row = queries.by_token(session, codes.hash_of(token), now)
    if row is None or row.IssuedDocument.status != "issued":
        raise NotFound(NO_LINK)
    delivery, document = row.TranscriptDelivery, row.IssuedDocument
    queries.note_opened(session, delivery.id, now)
    history.record(
        session,
        None,
        Action.TRANSCRIPT_LINK_OPENED,
        delivery.id,
        student_id=document.student_id,
        enrollment_id=document.enrollment_id,
        number=document.number,
        recipient=delivery.recipient,
        downloaded=downloaded,
    )
    return Shared(document.number, row.student_name, content.read(row.content), delivery, document)


def open_file(session: Session, files: FileStore, token: str) -> tuple[str, bytes]:
    """The number and the signed file behind a link. Raises NotFound, Unavailable."""
    shared = open_link(session, token, downloaded=True)
    try:
        return shared.number, files.read_bytes(shared.document.sha256 or "")
    except FileMissing:
        raise Unavailable("The file cannot be read now. Ask the school to look after it.") from None
