"""From the records to an issued transcript, to a preview of it, and to a copy that is not official."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import clr, codes, content, layout, policy, queries
from app.compliance.transcripts.holds import service as holds
from app.core import history, proof, views
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.hash_key import hash_key
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import IssuedDocument, Transcript
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import Draft, Letterhead
from app.school import service as school
from app.settings import Settings

KIND = "transcript"
COPY_NUMBER = "Unofficial copy"
Then = Callable[[Session, IssuedDocument], None]
"""What follows in the transaction that issues a transcript: both hold, or neither."""


@views.opens(Part.DOCUMENT, student=lambda row, _given: row.user_id)
def read(session: Session, subject: Subject, enrollment_id: int) -> Row[Any]:
    """The enrollment that a transcript is about. Raises NotFound for other people’s."""
    rows = queries.enrollments(session, [enrollment_id])
    if not rows:
        raise NotFound(policy.NO_ENROLLMENT)
    policy.require_read(session, subject, rows[0].user_id)
    return rows[0]


def draft(
    session: Session,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    enrollment_id: int,
    *,
    replaces: str | None = None,
) -> Draft:
    """The official transcript from the records as they are now; `replaces` is the number that it supersedes.

    Raises NotFound, Forbidden, Conflict while a hold stands and for a school without an address, Invalid for a name
    that cannot be printed.
    """
    return _drafts(session, subject, files, settings, [enrollment_id], replaces)[enrollment_id]


def drafts(
    session: Session, subject: Actor, files: FileStore, settings: Settings, enrollment_ids: Sequence[int]
) -> dict[int, Draft]:
    """The official transcripts of many enrollments; a hold on one of their students stops them all."""
    return _drafts(session, subject, files, settings, enrollment_ids, None)


def _drafts(
    session: Session,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    enrollment_ids: Sequence[int],
    replaces: str | None,
) -> dict[int, Draft]:
    policy.require_issue(subject)
    students = {row.user_id for row in queries.enrollments(session, enrollment_ids)}
    for user_id in students:
        policy.require_read(session, subject, user_id)
        require_not_own(subject, user_id, "transcripts")
    holds.require_none(session, students)
    letterhead = school.letterhead(session, files)
    if not letterhead.address:
        raise Conflict(
            "A transcript must show the school’s address, and none is entered. No transcript was issued. Enter it "
            "under School."
        )
    key = hash_key(session)
    gathered = content.gather(session, settings, enrollment_ids, letterhead)
    return {
        number: _official(letterhead, {**found, "replaces": replaces}, key)
        for number, found in gathered.items()
    }


@internal("shows a draft that the person may have made")
def preview(settings: Settings, made: Draft) -> bytes:
    """The transcript as it would look; nothing is kept."""
    return documents.preview(settings, made)


def copy(
    session: Session, subject: Subject, files: FileStore, settings: Settings, enrollment_id: int
) -> Draft:
    """An unofficial copy, for the student at any time and for those who read their documents. Raises NotFound."""
    row = read(session, subject, enrollment_id)
    letterhead = school.letterhead(session, files)
    found = documents.checked(content.gather(session, settings, [enrollment_id], letterhead)[enrollment_id])
    history.record(
        session,
        subject,
        Action.TRANSCRIPT_COPIED,
        enrollment_id,
        student_id=row.user_id,
        enrollment_id=enrollment_id,
        program_id=row.program_id,
    )
    return Draft(
        kind=KIND,
        student_id=row.user_id,
        enrollment_id=enrollment_id,
        letterhead=letterhead,
        facts={},
        machine={},
        numbered=lambda number, day: (
            layout.facts(found, number, day, None, title=layout.UNOFFICIAL),
            {"unofficial": True, "record": clr.record(found, number, day)},
        ),
    )


@internal("draws a copy that the person may have made")
def draw_copy(settings: Settings, made: Draft) -> bytes:
    """The copy as a PDF that says on each page that it is not official; nothing is kept."""
    return documents.preview(settings, made, number=COPY_NUMBER, mark="UNOFFICIAL")


@internal("reads and draws what the closure archive may have")
def record_copies(
    session: Session, settings: Settings, enrollment_ids: Sequence[int], letterhead: Letterhead
) -> dict[int, Draft]:
    """Copies of the record to draw, by enrollment, whatever holds stand; a sign that no document prints is left out."""
    gathered = content.gather(session, settings, enrollment_ids, letterhead)
    return {number: _record_copy(documents.legible(one), letterhead) for number, one in gathered.items()}


def _record_copy(found: Mapping[str, Any], letterhead: Letterhead) -> Draft:
    return Draft(
        kind=KIND,
        student_id=found["student"]["number"],
        enrollment_id=found["enrollment"]["number"],
        letterhead=letterhead,
        facts={},
        machine={},
        numbered=lambda number, day: (
            layout.facts(found, number, day, None, title=layout.RECORD_COPY),
            {"record": clr.record(found, number, day)},
        ),
    )


@internal("reads and draws what the closure archive may have")
def draw_record_copy(settings: Settings, made: Draft) -> bytes:
    """The copy as a PDF, without number and signature; nothing is kept."""
    return documents.preview(settings, made, number=layout.RECORD_COPY, mark="RECORD COPY")


def issue(
    database: Database,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    enrollment_id: int,
    *,
    request: UUID,
    replaces: int | None = None,
    then: Then | None = None,
) -> IssuedDocument:
    """Issue the transcript, as `documents.service.issue` does; `replaces` is the document that it supersedes.

    What `then` raises leaves a void number and no transcript; it is not called where the same `request` was issued
    before. Raises ProofRequired for a person whose last proof is too old, before a number is taken.
    """

    def prepare(session: Session) -> Draft:
        require_proof(subject)
        old = queries.by_document(session, replaces) if replaces is not None else None
        number = old.number if old is not None else None
        made = draft(session, subject, files, settings, enrollment_id, replaces=number)
        if old is not None and old.enrollment_id != enrollment_id:
            # Whoever verifies the old number would be sent to a transcript of something else.
            raise Conflict("The transcript to replace is about another enrollment. No transcript was issued.")
        return made if then is None else _followed(made, then)

    return documents.issue(database, subject, files, settings, prepare, request=request, replaces=replaces)


@internal("asks, and opens nothing")
def require_proof(subject: Actor) -> None:
    """A transcript cannot be undone: who issues one has proved lately who they are."""
    if isinstance(subject, Subject):
        proof.require(subject, Action.TRANSCRIPT_ISSUED, {})


def _followed(made: Draft, then: Then) -> Draft:
    def written(session: Session, subject: Actor, row: IssuedDocument, day: date) -> None:
        if made.written is not None:
            made.written(session, subject, row, day)
        then(session, row)

    return replace(made, written=written)


def _official(letterhead: Letterhead, gathered: Mapping[str, Any], key: str) -> Draft:
    # What is kept is what is printed: composed letters, and nothing that cannot be seen.
    found = documents.checked(gathered)

    def numbered(number: str, day: date) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        code = codes.code_for(key, number) if codes.read_number(number) else None
        return layout.facts(found, number, day, code), clr.record(found, number, day)

    def written(session: Session, subject: Actor, row: IssuedDocument, day: date) -> None:
        said = {**found, "number": row.number, "issued_on": day.isoformat()}
        _write(session, subject, row, said, letterhead, codes.code_for(key, row.number))

    return Draft(
        kind=KIND,
        student_id=found["student"]["number"],
        enrollment_id=found["enrollment"]["number"],
        letterhead=letterhead,
        facts={},
        machine={},
        numbered=numbered,
        written=written,
    )


def _write(
    session: Session,
    subject: Actor,
    row: IssuedDocument,
    found: Mapping[str, Any],
    letterhead: Letterhead,
    code: str,
) -> None:
    transcript = Transcript(
        user_id=row.student_id,
        program_id=found["program"]["number"],
        gpa=None if found["gpa"] is None else Decimal(found["gpa"]),
        total_credits=None if found["credits_earned"] is None else Decimal(found["credits_earned"]),
        generated_at=row.issued_at,
        pdf_url=f"/documents/{row.id}/file",
    )
    queries.add(
        session,
        transcript,
        {
            "document_id": row.id,
            "enrollment_id": row.enrollment_id,
            "student_name": found["student"]["name"],
            "content": documents.canonical(found),
            "code_hash": documents.hash_code(code),
        },
    )
    # Asked again: a hold may have come while the file was made. The row above waits for whoever is setting one.
    holds.require_none(session, [transcript.user_id])
    if letterhead.logo is not None:
        # The picture belongs to what is drawn again.
        logo = StoredFile(letterhead.logo.sha256, len(letterhead.logo.content))
        claims.claim(
            session,
            logo,
            room="compliance.transcripts",
            row=transcript.id,
            retention=Retention.PERMANENT,
            media_type=letterhead.logo.media_type,
        )
    history.record(
        session,
        subject,
        Action.TRANSCRIPT_ISSUED,
        transcript.id,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        number=row.number,
        program_id=transcript.program_id,
        sha256=row.sha256,
    )
