"""What was given to whom: a log that loses no line (34 CFR 99.32), and the links in it.

A link is the only thing that shows a name and courses to somebody outside. Its secret is stored hashed, stands behind
the # of the address, ends, and can be taken back; each time it is opened is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import content, policy
from app.compliance.transcripts import queries as transcripts
from app.compliance.transcripts.deliveries import queries
from app.compliance.transcripts.holds import service as holds
from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.permissions import Subject, internal
from app.core.tokens import new_token
from app.core.views import Part
from app.db.models import IssuedDocument, TranscriptDelivery
from app.documents import service as documents
from app.school import service as school
from app.settings import Settings

LINK_DAYS = 30
"""How long a link leads to the transcript, unless the holder chose otherwise."""
NO_LINK = (
    "This link does not lead to a transcript. It may have expired or been revoked, or the transcript is no longer "
    "valid. Ask the person who gave it to you for a new one."
)


# Looking


def deliveries(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """What of a student’s transcripts was given to whom, the newest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.deliveries_of(session, clock.now(), user_id=user_id)


@views.opens(Part.DOCUMENT, student=lambda found, _given: found[0].user_id)
def deliveries_of(
    session: Session, subject: Subject, transcript_document_id: int
) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """A transcript, and what of it was given to whom, the newest first. Raises NotFound for other people’s."""
    row = transcripts.by_document(session, transcript_document_id)
    if row is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    return row, queries.deliveries_of(session, clock.now(), document_id=transcript_document_id)


# Giving


def share(
    session: Session,
    subject: Subject,
    settings: Settings,
    transcript_document_id: int,
    recipient: str,
    days: int = LINK_DAYS,
) -> str:
    """A link to a transcript for the holder to pass on, or for the registrar; shown once. Raises NotFound, Conflict."""
    row = transcripts.by_document(session, transcript_document_id)
    if row is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    if subject.user_id != row.user_id:
        policy.require_issue(subject)
    holds.require_none(session, [row.user_id])
    if row.status != "issued":
        raise Conflict("This transcript is no longer valid. Share the one that took its place.")
    document = session.get_one(IssuedDocument, transcript_document_id)
    return deliver(session, subject, settings, document, "link", recipient, days=days) or ""


@internal("a step of what was allowed before: fulfilling a request, sharing")
def deliver(
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
            name=recipient,
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
        raise Conflict("There is no link to revoke, or it was revoked already.")
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
    row = queries.by_token(session, documents.hash_code(token), now)
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
