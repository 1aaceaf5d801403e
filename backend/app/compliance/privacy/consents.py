"""Consents: which records may be given to whom and for what, signed and dated (34 CFR 99.30).

A student signs on their own page: signed in, just confirmed who they are, with their full legal name typed; the
rule asks for an identified, authenticated person and their approval. The office enters a signed
paper with its scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.privacy import policy, queries
from app.compliance.privacy.schemas import ConsentFields, PaperConsentForm
from app.core import clock, history, proof, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import Consent
from app.web import scans

_ROOM = "compliance.consents"
NO_CONSENT = "There is no such consent, or you don’t have access to it."


@dataclass(frozen=True, slots=True)
class Paper:
    """The scan of a signed consent."""

    consent_id: int
    student_id: int
    content: bytes
    media_type: str


@views.opens(Part.PRIVACY, student="student_id")
def consents_of(session: Session, subject: Subject, student_id: int) -> Sequence[Consent]:
    """A student's consents, the newest first. Raises NotFound for another's."""
    policy.require_read(session, subject, student_id)
    return queries.consents_of(session, student_id)


def give(session: Session, subject: Subject, student_id: int, values: ConsentFields, today: date) -> Consent:
    """The student consents electronically. Raises ProofRequired, Invalid for another name, NotFound for another's."""
    person = accounts.require_own(session, subject, student_id)
    proof.require_recent(subject)
    if " ".join(values.signed_name.split()).casefold() != person.full_name.casefold():
        raise _wrong("signed_name", f"Sign with your full legal name as it is on file: {person.full_name}.")
    _require_lasts(values.ends_on, today)
    row = Consent(
        student_id=student_id,
        records=values.records,
        purpose=values.purpose,
        recipient=values.recipient,
        method="electronic",
        signed_name=values.signed_name,
        signed_on=today,
        ends_on=values.ends_on,
        entered_by=subject.user_id,
    )
    queries.add(session, row)
    _record(session, subject, Action.CONSENT_GIVEN, row)
    return row


def enter(
    session: Session,
    subject: Subject,
    store: FileStore,
    student_id: int,
    values: PaperConsentForm,
    content: bytes,
    today: date,
) -> Consent:
    """The office enters a consent that came on paper, with its scan. Raises Invalid, NotFound, Forbidden."""
    policy.require_manage(session, subject, student_id)
    if values.signed_on > today:
        raise _wrong("signed_on", "This day is in the future.")
    _require_lasts(values.ends_on, values.signed_on)
    stored, media_type = scans.take_in(store, content, "document")
    row = Consent(
        student_id=student_id,
        records=values.records,
        purpose=values.purpose,
        recipient=values.recipient,
        method="paper",
        signed_name=values.signed_name,
        signed_on=values.signed_on,
        ends_on=values.ends_on,
        document_sha256=stored.sha256,
        document_type=media_type,
        entered_by=subject.user_id,
    )
    queries.add(session, row)
    claims.claim(
        session, stored, room=_ROOM, row=row.id, retention=Retention.PERMANENT, media_type=media_type
    )
    _record(session, subject, Action.CONSENT_GIVEN, row)
    return row


def withdraw(session: Session, subject: Subject, consent_id: int) -> Consent:
    """The student withdraws a consent, or the office on a letter of theirs. What was given out before stays on record.

    Raises NotFound for another's, Conflict for one that is withdrawn.
    """
    row = queries.consent(session, consent_id, lock=True)
    if row is None or not policy.may_read(subject, row.student_id):
        raise NotFound(NO_CONSENT)
    policy.require_own_or_manage(session, subject, row.student_id)
    if row.withdrawn_at is not None:
        raise Conflict("This consent is withdrawn already. Nothing was changed.")
    row.withdrawn_at = clock.now()
    session.flush()
    _record(session, subject, Action.CONSENT_WITHDRAWN, row)
    return row


@views.opens(
    Part.PRIVACY, student=lambda found, _given: found.student_id, record=lambda found: found.consent_id
)
def read_paper(session: Session, subject: Subject, store: FileStore, consent_id: int) -> Paper:
    """The scan of a signed consent. Raises NotFound."""
    row = queries.consent(session, consent_id)
    if row is None or row.document_sha256 is None or not policy.may_read(subject, row.student_id):
        raise NotFound(NO_CONSENT)
    policy.require_read(session, subject, row.student_id)
    try:
        content = store.read_bytes(row.document_sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    return Paper(row.id, row.student_id, content, row.document_type or "application/pdf")


@internal("a step of recording a disclosure, and of whoever gives records out on a consent")
def require_counts(session: Session, student_id: int, consent_id: int, day: date) -> Consent:
    """The consent, if it is the student's and counts on that day. Raises Invalid otherwise."""
    row = queries.consent(session, consent_id)
    if row is None or row.student_id != student_id:
        raise _wrong("consent_id", "Choose one of the student’s consents.")
    if not counts(row, day):
        raise _wrong("consent_id", "This consent does not count on that day. Nothing was saved.")
    return row


def counts(row: Consent, day: date) -> bool:
    """Whether a consent counts on a day at the school."""
    ended = row.withdrawn_at is not None or (row.ends_on is not None and row.ends_on < day)
    return not ended and row.signed_on <= day


@internal("a step of a delivery that was allowed before, on a consent that came with the request")
def keep_agreed(
    session: Session,
    subject: Actor,
    student_id: int,
    *,
    records: str,
    purpose: str,
    recipient: str,
    agreed_at: datetime,
    zone: ZoneInfo,
    today: date,
) -> Consent:
    """Keep what a student agreed to, signed in, when they asked for one delivery. It counts for no other."""
    signed_on = clock.local(agreed_at, zone).date()
    row = Consent(
        student_id=student_id,
        records=records,
        purpose=purpose,
        recipient=recipient,
        method="electronic",
        signed_name=accounts.name_on(session, student_id, signed_on),
        signed_on=signed_on,
        ends_on=max(today, signed_on),
        entered_by=student_id,
        entered_at=agreed_at,
    )
    queries.add(session, row)
    _record(session, subject, Action.CONSENT_GIVEN, row, occurred_at=agreed_at)
    return row


def _require_lasts(ends_on: date | None, signed_on: date) -> None:
    if ends_on is not None and ends_on < signed_on:
        raise _wrong("ends_on", "The consent would end before it is signed.")


def _record(
    session: Session, subject: Actor, action: Action, row: Consent, *, occurred_at: datetime | None = None
) -> None:
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=row.student_id,
        occurred_at=occurred_at,
        recipient=row.recipient,
        method=row.method,
    )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
