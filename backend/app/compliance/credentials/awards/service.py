"""Issuing credentials one at a time, revoking and replacing them.

A serial number is printed on the diploma and signed into the badge, so it is taken first, from the register of
documents, which has a row for every number whatever becomes of it. The diploma, the badge and the credential's rows
are then written in one transaction, or the number is void with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.awards import drafts, queries
from app.compliance.credentials.awards.drafts import KIND, Prepared, Wanted
from app.compliance.credentials.awards.signed_badges import sign_badge
from app.compliance.credentials.types import queries as types
from app.core import clock, history, proof, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore
from app.core.permissions import Actor, Subject
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import Credential, CredentialEnding, CredentialIssue, CredentialType, IssuedDocument
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import DocumentKind, Offer
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

STANDINGS = (
    ("valid", "Valid"),
    ("expiring", "Expiring"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
    ("superseded", "Superseded"),
)


def list_credentials(
    session: Session,
    subject: Actor,
    paging: Paging,
    zone: ZoneInfo,
    *,
    standing: str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Everybody's credentials. Sorts: serial, student, name, issued, expires, standing. Raises Forbidden."""
    policy.require_list(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, Credential.user_id)
    return queries.listing(
        session, paging, clock.today(zone), visible, wanted=standing, program_id=program_id
    )


@views.opens(Part.DOCUMENT, student=lambda row, _given: row.user_id, record=lambda row: row.serial or row.id)
def read(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> Row[Any]:
    """One credential. NotFound for other people's."""
    return _found(session, subject, credential_id, clock.today(zone))


def of_student(session: Session, subject: Actor, user_id: int, zone: ZoneInfo) -> Sequence[Row[Any]]:
    """A student's credentials, the newest first; none for whoever may not see them."""
    if not policy.may_read(subject, user_id):
        return ()
    return queries.of_student(session, user_id, clock.today(zone))


@dataclass(frozen=True, slots=True)
class Choice:
    """An enrollment, and the types that its program awards."""

    enrollment: Row[Any]
    types: Sequence[CredentialType]


@views.opens(Part.ENROLLMENT, student=lambda choice, _given: choice.enrollment.user_id)
def choices(session: Session, subject: Actor, enrollment_id: int) -> Choice:
    """What can be issued to an enrollment. Raises Forbidden, NotFound."""
    policy.require_issue(subject)
    row = queries.enrollment(session, enrollment_id)
    if row is None:
        raise NotFound("There is no such enrollment, or you don’t have access to it.")
    policy.require_issue(subject, row.user_id)
    return Choice(row, types.for_program(session, row.program_id))


def enrollment_to_replace(session: Session, subject: Actor, credential_id: int, zone: ZoneInfo) -> int:
    """The enrollment that a replacement of a credential is issued for. Raises Forbidden, NotFound, Conflict."""
    policy.require_issue(subject)
    row = _found(session, subject, credential_id, clock.today(zone))
    found = row.enrollment_id or queries.latest_enrollment(session, row.user_id, row.program_id)
    if found is None:
        raise Conflict("The student is no longer enrolled in the program. Nothing can take its place.")
    return int(found)


def find_award(session: Session, subject: Actor, email: str, prefix: str) -> tuple[int, int]:
    """Numbers of a type and of a student's latest enrollment that can earn it. Raises Forbidden, NotFound."""
    policy.require_issue(subject)
    kind = types.by_prefix(session, prefix.strip().upper())
    if kind is None:
        raise NotFound(f"There is no type of credential with the prefix {prefix}.")
    found = queries.enrollment_of(session, email.strip(), kind.program_id)
    if found is None:
        raise NotFound(f"There is no student {email} with an enrollment that could earn {kind.name}.")
    return kind.id, found


def credential_of_document(session: Session, subject: Actor, document_id: int) -> int | None:
    """The credential whose diploma a document is. Raises Forbidden."""
    policy.require_list(subject)
    return queries.by_document(session, document_id)


def preview(
    database: Database, subject: Actor, files: FileStore, settings: Settings, wanted: Wanted
) -> bytes:
    """The diploma as it would look, without number and signature. Nothing is kept. Raises as `issue` does."""
    with database.begin() as session:
        prepared = drafts.prepare(session, subject, files, settings, wanted, "0" * 16)
    return documents.preview(settings, prepared.draft)


def issue(database: Database, subject: Actor, files: FileStore, settings: Settings, wanted: Wanted) -> int:
    """Issue a credential; its number. The same request twice is one credential.

    Raises Forbidden, NotFound, Conflict for what was not earned or is held already, Invalid for a name that cannot
    be printed, Unavailable.
    """
    policy.require_issue(subject)
    if isinstance(subject, Subject):
        # Asked here and not when the history is written: by then the number is taken.
        proof.require(subject, Action.CREDENTIAL_ISSUED, {})
    code = documents.make_code()

    def prepare(session: Session) -> documents.Draft:
        prepared = drafts.prepare(session, subject, files, settings, wanted, code)

        def written(session: Session, _actor: Actor, document: IssuedDocument, _today: date) -> None:
            _write(session, subject, settings, wanted, prepared, document)

        return replace(prepared.draft, written=written)

    replaced = None
    if wanted.replaces is not None:
        with database.begin() as session:
            replaced = _document_of(session, wanted.replaces)
    document = documents.issue(
        database, subject, files, settings, prepare, request=wanted.request, replaces=replaced
    )
    with database.begin() as session:
        found = queries.by_document(session, document.id)
    if found is None:
        raise Conflict("This form was used for another document. Open the page again to issue a credential.")
    return found


def _document_of(session: Session, credential_id: int) -> int | None:
    issued = session.get(CredentialIssue, credential_id)
    return issued.document_id if issued is not None else None


def _write(
    session: Session,
    subject: Actor,
    settings: Settings,
    wanted: Wanted,
    prepared: Prepared,
    document: IssuedDocument,
) -> None:
    """The credential and its badge, in the transaction that puts the diploma on record."""
    kind, row = prepared.type, prepared.row
    queries.lock_award(session, kind.id, row.id)
    # Somebody else may have issued or revoked one while this one was drawn.
    replaced = None
    if prepared.replaced is not None:
        replaced = queries.one(session, prepared.replaced.id, prepared.today)
        # The register has just marked a replaced diploma; what it came from is looked at here.
        if replaced is None or replaced.ended is not None:
            raise Conflict(f"The credential to replace was ended in the meantime. {drafts.NOTHING}")
    drafts.require_none_held(session, kind, row.id, prepared.today, replaced)
    if queries.has_serial(session, document.number):
        raise Conflict(
            f"A credential from another system has the serial number {document.number}. {drafts.NOTHING} The number "
            "is void; issue it again for the next one."
        )
    credential = Credential(
        user_id=row.user_id,
        program_id=row.program_id,
        credential_type=kind.name,
        cert_serial=document.number,
        issued_at=prepared.today,
    )
    signed = sign_badge(session, settings, wanted, prepared, document.number)
    queries.add(session, credential)
    queries.add(
        session,
        CredentialIssue(
            credential_id=credential.id,
            type_id=kind.id,
            enrollment_id=row.id,
            document_id=document.id,
            full_name=prepared.full_name,
            expires_on=prepared.expires_on,
            code_hash=documents.hash_code(prepared.code),
            badge=signed.text,
            status_list=signed.status_list,
            status_index=signed.status_index,
            replaces_id=replaced.id if replaced is not None else None,
        ),
    )
    history.record(
        session,
        subject,
        Action.CREDENTIAL_ISSUED,
        credential.id,
        student_id=row.user_id,
        enrollment_id=row.id,
        name=kind.name,
        serial=document.number,
    )
    if replaced is not None:
        _end(session, subject, replaced.id, "superseded", wanted.reason, credential.id)
        history.record(
            session,
            subject,
            Action.CREDENTIAL_REPLACED,
            replaced.id,
            student_id=row.user_id,
            enrollment_id=row.id,
            reason=wanted.reason,
            name=kind.name,
            serial=replaced.serial or "",
            by=document.number,
        )


# Ending


def revoke(session: Session, subject: Actor, credential_id: int, reason: str, zone: ZoneInfo) -> None:
    """Revoke a credential, with the reason; its diploma is void from then on. Raises Forbidden, NotFound, Conflict."""
    policy.require_issue(subject)
    row = _found(session, subject, credential_id, clock.today(zone))
    policy.require_issue(subject, row.user_id)
    if row.ended is not None:
        raise Conflict(f"This credential was {row.ended} already. Nothing was changed.")
    if row.document_id is not None:
        # The register of documents hears of it first, and calls `_voided`.
        try:
            documents.void(session, subject, row.document_id, reason)
        except Conflict:
            again = _found(session, subject, credential_id, clock.today(zone))
            if again.ended is None:
                raise
            # Somebody else was faster: the sentence is about what the person sees, not about the register.
            raise Conflict(f"This credential was {again.ended} already. Nothing was changed.") from None
    else:
        _revoked(session, subject, row, reason)


def _voided(session: Session, subject: Actor, document: IssuedDocument, reason: str) -> None:
    found = queries.by_document(session, document.id)
    row = queries.one(session, found, clock.now().date()) if found is not None else None
    if row is not None and row.ended is None:
        policy.require_issue(subject, row.user_id)
        _revoked(session, subject, row, reason)


def _revoked(session: Session, subject: Actor, row: Row[Any], reason: str) -> None:
    _end(session, subject, row.id, "revoked", reason, None)
    history.record(
        session,
        subject,
        Action.CREDENTIAL_REVOKED,
        row.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        name=row.name,
        serial=row.serial or "",
    )


def _end(
    session: Session, subject: Actor, credential_id: int, kind: str, reason: str, replaced_by: int | None
) -> None:
    queries.add(
        session,
        CredentialEnding(
            credential_id=credential_id,
            kind=kind,
            reason=reason,
            ended_by=subject.user_id,
            ended_at=clock.now(),
            replaced_by=replaced_by,
        ),
    )


def _found(session: Session, subject: Actor, credential_id: int, today: date) -> Row[Any]:
    row = queries.one(session, credential_id, today)
    if row is None:
        raise NotFound(policy.NO_CREDENTIAL)
    policy.require_read(subject, row.user_id)
    if not visibility.may_see(session, subject, Records.STUDENTS, row.user_id):
        raise NotFound(policy.NO_CREDENTIAL)
    return row


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    if not policy.may_issue(subject, student_id):
        return ()
    listed = enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=student_id).page()
    return [
        Offer(f"Credential: {row.program_name}", f"/enrollments/{row.id}/credential") for row in listed.items
    ]


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="CR",
        title="Credential",
        layout="diploma.typ",
        sample={
            "name": "Nguyễn Thị Bích",
            "level": "Diploma",
            "award": "Dental Assistant Certification",
            "program": "Program: Dental Assistant Professional",
            "place": "Atlanta, GA",
            "statement": "completed the program of 480 clock hours on May 15, 2026 and is awarded",
            "expires": "May 14, 2028",
            "qr": documents.SAMPLE_QR,
            "code": "7K3M-WQ2P-Z8RA-4TNC",
            "verify_at": "lms.example.org/credentials/verify",
        },
        offers=_offers,
        again=lambda document: f"/enrollments/{document.enrollment_id}/credential",
        digits=3,
        ended=_voided,
    )
)
