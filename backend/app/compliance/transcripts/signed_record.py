"""The record of a transcript as signed credentials, made when somebody asks for it.

The unsigned record is in every transcript's PDF, covered by its signature. This one stands by itself: the record and
each achievement in it carry a Data Integrity proof of the school (eddsa-rdfc-2022), so that a wallet or another school
can verify it, or one course of it, without the PDF. It is made each time: a proof is of the day it was asked for.

A transcript that is made void or replaced takes them all back: the record and its parts name one place in the school's
lists of revoked credentials, which is the number of the document's row. Nothing is written for it; a list is read from
the register of documents when somebody asks.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.credentials.badges import status
from app.compliance.credentials.badges.keys import issuer_id
from app.compliance.credentials.badges.proof import (
    BadBadge,
    BadgeSigner,
    as_text,
    secured,
    verify,
    verify_record,
)
from app.compliance.transcripts import clr, content, policy, queries
from app.core import clock, history, own_rows
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Unavailable
from app.core.permissions import Subject
from app.db.models import IssuedDocument
from app.db.session import Database
from app.documents import service as documents
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """The number of the transcript, and the record as JSON."""

    number: str
    text: str


def signed_record(
    database: Database, subject: Subject, settings: Settings, transcript_document_id: int
) -> SignedRecord:
    """The signed record of a transcript that is valid, for the student and the registrar. The history says so.

    It is signed between two transactions, which takes a third of a second, and recorded in the second: the history
    names only what was handed out. Raises NotFound for other people's, Conflict for one that is void or replaced, also
    in between, Unavailable for what cannot be signed.
    """
    with database.begin() as session:
        history.act_as(session, subject)
        number, unsigned, signer = _prepared(session, subject, settings, transcript_document_id)
    text = sign(unsigned, signer)
    with database.begin() as session:
        history.act_as(session, subject)
        document = valid_document(session, transcript_document_id)
        history.record(
            session,
            subject,
            Action.DOCUMENT_DOWNLOADED,
            document.id,
            student_id=document.student_id,
            enrollment_id=document.enrollment_id,
            number=number,
        )
    return SignedRecord(number, text)


def _prepared(
    session: Session, subject: Subject, settings: Settings, document_id: int
) -> tuple[str, dict[str, Any], BadgeSigner]:
    row = queries.by_document(session, document_id)
    kept = queries.content_of(session, document_id)
    if row is None or kept is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    policy.require_read(session, subject, row.user_id, policy.NO_TRANSCRIPT)
    document = valid_document(session, document_id)
    found = content.read(kept.content)
    unsigned = clr.record(found, row.number, date.fromisoformat(found["issued_on"]))
    number, index = divmod(document.id, status.BITS)
    unsigned["credentialStatus"] = status.entry(
        settings.app_origin, status.FIRST_OF_TRANSCRIPTS + number, index
    )
    with own_rows.beyond(session, "the school’s key signs it"):
        key = documents.badge_key(session, settings)
    signer = BadgeSigner(issuer_id(settings.app_origin), key)
    return document.number, unsigned, signer


def valid_document(session: Session, document_id: int) -> IssuedDocument:
    """The document, if it holds. Raises Conflict."""
    document = session.get_one(IssuedDocument, document_id)
    if document.status != "issued":
        raise Conflict(
            "This transcript is no longer valid, so its record cannot be downloaded. Use the newer one."
        )
    return document


def sign(unsigned: dict[str, Any], signer: BadgeSigner) -> str:
    """The record with a proof on each achievement and on the whole. A verifier reads them before they leave.

    Each achievement has what must not be lost when it is shown without the record: its place in the list of revoked
    credentials, and the student's statements (34 CFR 99.21).
    """
    now, subject = clock.now(), unsigned["credentialSubject"]
    public = signer.key.key.public_key().public_bytes_raw()
    try:
        parts = [
            # Without the record's own context: each achievement is a badge that any wallet reads.
            secured(
                {
                    **_issued_by(one, signer.did),
                    "@context": list(clr.BADGE_CONTEXTS),
                    "description": f"Part of: {unsigned['description']}",
                    "credentialStatus": unsigned["credentialStatus"],
                },
                signer,
                now,
            )
            for one in subject["verifiableCredential"]
        ]
        for one in parts:
            verify(as_text(one), public)
        whole = _issued_by(unsigned, signer.did)
        whole["credentialSubject"] = {**subject, "verifiableCredential": parts}
        signed = secured(whole, signer, now, record=True)
        verify_record(signed, public)
    except BadBadge as error:
        raise Unavailable(f"The record could not be signed: {error}") from error
    return as_text(signed)


def _issued_by(credential: dict[str, Any], did: str) -> dict[str, Any]:
    return {**credential, "issuer": {**credential["issuer"], "id": did}}


def _revoked(session: Session, number: int) -> Collection[int] | None:
    place = number - status.FIRST_OF_TRANSCRIPTS
    # A row's number has 31 bits: there is no list beyond them.
    if not 0 <= place < 2**31 // status.BITS:
        return None
    first, last = place * status.BITS, (place + 1) * status.BITS - 1
    if not queries.has_transcripts(session, first, last):
        return None
    return [row - first for row in queries.ended_documents(session, first, last)]


status.register_lists("transcripts", _revoked)
