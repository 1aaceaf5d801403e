"""The register of documents: read, fetched, verified, made void."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history, timestamps, views
from app.core.actions import Action
from app.core.errors import NotFound, TooLarge, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import IssuedDocument
from app.documents import kinds, numbers, policy, queries
from app.documents.keys import service as keys
from app.documents.kinds import Offer
from app.documents.verification import MAX_BYTES, Finding, Inspection, inspect
from app.web.formats import local_time
from app.web.listing import Listing
from app.web.paging import Paging


def listed(session: Session, subject: Subject, paging: Paging, *, status: str | None = None) -> Listing[Any]:
    """The register, with the names of owner (student or payer) and issuer. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.listing(session, paging, kinds.visible(subject), status=status)


def of_student(session: Session, subject: Subject, student_id: int) -> Sequence[IssuedDocument]:
    """A student's documents, the newest first; none for whoever may not see them."""
    if not policy.may_read(subject, student_id):
        return ()
    return queries.of_student(session, student_id, kinds.visible(subject))


def offers(session: Session, subject: Subject, student_id: int) -> list[Offer]:
    """What can be made for a student now; nothing for whoever may not have it made."""
    if not policy.may_issue(subject, student_id):
        return []
    return [offer for kind in kinds.every() for offer in kind.offers(session, subject, student_id)]


@views.opens(
    Part.DOCUMENT,
    student=lambda row, given: kinds.whose(given["session"], row.IssuedDocument),
    record=lambda row: row.IssuedDocument.number,
)
def read(session: Session, subject: Subject, document_id: int) -> Row[Any]:
    """One document with the names of owner (student or payer) and issuer. NotFound for other people's."""
    return _read(session, subject, document_id)


def _read(session: Session, subject: Actor, document_id: int) -> Row[Any]:
    row = queries.one(session, document_id, kinds.visible(subject))
    if row is None:
        raise NotFound(policy.NO_DOCUMENT)
    policy.require_read(subject, row.IssuedDocument.student_id, kinds.keepers(row.IssuedDocument.kind))
    if row.IssuedDocument.sha256 is None:
        # A number whose document never came to be is the register's matter.
        policy.require_read_all(subject)
    return row


def content(
    session: Session, subject: Actor, files: FileStore, document_id: int
) -> tuple[IssuedDocument, bytes]:
    """The signed file, byte for byte as it was issued. Raises NotFound, Unavailable."""
    document: IssuedDocument = _read(session, subject, document_id).IssuedDocument
    if document.sha256 is None:
        raise NotFound("There is no file under this number: the document was never finished.")
    try:
        pdf = files.read_bytes(document.sha256)
    except FileMissing:
        raise Unavailable(
            f"The file of document {document.number} is missing from the store. Ask the operator to bring it back "
            "from a backup; the register has its SHA-256."
        ) from None
    if hashlib.sha256(pdf).hexdigest() != document.sha256:
        raise Unavailable(
            f"The file of document {document.number} is no longer what was signed, so it is not given out. Ask the "
            "operator to bring it back from a backup; the register has its SHA-256."
        )
    history.record_all(
        session,
        subject,
        Action.DOCUMENT_DOWNLOADED,
        [
            {
                "target_id": document.id,
                "student_id": student_id,
                "enrollment_id": document.enrollment_id,
                "number": document.number,
            }
            for student_id in kinds.whose(session, document) or (None,)
        ],
    )
    return document, pdf


def void(session: Session, subject: Actor, document_id: int, reason: str) -> IssuedDocument:
    """Make an issued document void, with the reason. The file stays. Raises Forbidden, NotFound, Conflict."""
    known = queries.find(session, document_id)
    policy.require_change(subject, kinds.keepers(known.kind) if known is not None else None)
    _read(session, subject, document_id)
    row = numbers.mark_void(session, document_id, reason)
    history.record(
        session,
        subject,
        Action.DOCUMENT_VOIDED,
        row.id,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        number=row.number,
    )
    ended = kinds.get(row.kind).ended if kinds.known(row.kind) else None
    if ended is not None:
        ended(session, subject, row, reason)
    return row


# Verifying


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is a document of the school's that holds, and why."""

    sha256: str
    findings: tuple[Finding, ...]
    document: IssuedDocument | None
    """The document in the register, if this is its file to the last byte."""
    owner: str | None
    """The student or payer whose it is."""

    @property
    def accepted(self) -> bool:
        return all(finding.passed for finding in self.findings)


def verify(session: Session, subject: Actor, pdf: bytes) -> Verdict:
    """Judge a file by our own rule: see `verification`, and the register.

    Raises Forbidden, TooLarge.
    """
    policy.require_read_all(subject)
    if len(pdf) > MAX_BYTES:
        raise TooLarge(
            f"The school’s documents are small; this file has more than {MAX_BYTES // 1024**2} MB."
        )
    roots = keys.roots(session)
    stamp_roots = timestamps.roots(session.info["settings"]) if "settings" in session.info else ()
    inspection = inspect(pdf, roots, at=clock.now(), stamp_roots=stamp_roots)
    document = queries.by_hash(session, inspection.sha256)
    if document is not None and document.issued_at is not None:
        # The register proves when the file was there, so an expired certificate is judged as of then.
        inspection = inspect(pdf, roots, at=document.issued_at, stamp_roots=stamp_roots)
    findings = (*inspection.findings, _registered(document), *_signing_key(session, inspection, document))
    row = queries.one(session, document.id, kinds.visible(subject)) if document is not None else None
    return Verdict(inspection.sha256, findings, document, row.owner if row is not None else None)


def _registered(document: IssuedDocument | None) -> Finding:
    if document is None:
        return Finding("Register", False, "The school has not issued a document with exactly this content.")
    if document.status == "issued":
        return Finding("Register", True, f"This is document {document.number}, which is valid.")
    state = f"void: {document.void_reason}" if document.status == "void" else "replaced by a newer one"
    return Finding("Register", False, f"This is document {document.number}, which is {state}.")


def _signing_key(
    session: Session, inspection: Inspection, document: IssuedDocument | None
) -> tuple[Finding, ...]:
    """The signer must be the key that the register names, and not have been revoked when it signed."""
    if inspection.signer_fingerprint is None:
        return ()
    key = keys.by_fingerprint(session, inspection.signer_fingerprint)
    question = "Signing key"
    if key is None:
        return (Finding(question, False, "The certificate was not made by this system."),)
    if document is None:
        if key.revoked_at is not None:
            return (
                Finding(question, False, "The key was revoked, and the register does not know the file."),
            )
        return ()
    if key.id != document.signing_key_id:
        return (Finding(question, False, "The register names another key for this document."),)
    if key.revoked_at is not None and document.issued_at is not None and key.revoked_at <= document.issued_at:
        return (Finding(question, False, "The key was revoked before the document was signed."),)
    if key.revoked_at is not None:
        return (
            Finding(question, True, "The key was revoked later; the register proves that this came before."),
        )
    return (Finding(question, True, "Signed with the key on record for this document."),)


@internal("the words of a verdict")
def lines(verdict: Verdict, zone: Any) -> list[str]:
    """The verdict as lines for a terminal."""
    found = [f"{'ok ' if item.passed else 'NO '} {item.question}: {item.answer}" for item in verdict.findings]
    if verdict.document is not None:
        found.append(f"    {kinds.title(verdict.document.kind)} of {verdict.owner}")
        found.append(f"    issued {local_time(verdict.document.issued_at, zone)}")
    return [*found, f"    SHA-256 {verdict.sha256}"]
