"""The door to transcripts: issue, read and fetch them; what other rooms, desks and commands may ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import clr, codes, content, layout, policy, queries
from app.compliance.transcripts import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.transcripts.batches.service import start as start_batch
from app.compliance.transcripts.batches.service import work as work_batch
from app.compliance.transcripts.content import register_statements
from app.compliance.transcripts.deliveries.disclosure import Given, Log, register_log
from app.compliance.transcripts.exchange import exchange_record
from app.compliance.transcripts.holds.service import register as register_hold
from app.compliance.transcripts.holds.service import sentences as holds_of
from app.compliance.transcripts.holds.service import set_hold
from app.compliance.transcripts.issuing import (
    KIND,
    copy,
    draft,
    drafts,
    draw_copy,
    draw_record_copy,
    issue,
    preview,
    read,
    record_copies,
    require_proof,
)
from app.compliance.transcripts.policy import may_see_holds
from app.compliance.transcripts.public.service import register_privacy
from app.compliance.transcripts.requests.service import (
    consent_to,
    count_waiting,
    register_fee,
    request_transcript,
)
from app.compliance.transcripts.signed_record import signed_record
from app.core import views, visibility
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.hash_key import hash_key
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import IssuedDocument, Transcript
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer, Verdict
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "KIND",
    "Given",
    "Log",
    "consent_to",
    "copy",
    "count_waiting",
    "draft",
    "drafts",
    "draw_copy",
    "draw_record_copy",
    "enrollment_for",
    "enrollments_of",
    "exchange_record",
    "find",
    "holds_of",
    "issue",
    "latest",
    "listed",
    "may_see_holds",
    "of_student",
    "preview",
    "read",
    "record_copies",
    "redraw",
    "register_fee",
    "register_hold",
    "register_log",
    "register_privacy",
    "register_statements",
    "request_transcript",
    "require_proof",
    "set_hold",
    "signed_record",
    "start_batch",
    "valid_of",
    "verify",
    "work_batch",
]


# Reading


def listed(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    status: str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Issued transcripts. Sorts: issued, number, student, program, status, gpa. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, Transcript.user_id)
    return queries.listing(session, paging, visible, status=status, program_id=program_id)


@views.opens(Part.DOCUMENT, student="user_id")
def of_student(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """A student’s transcripts, the newest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.of_student(session, user_id)


def enrollments_of(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """Enrollments that a student could have a transcript of, the latest first. Raises NotFound for other people’s."""
    policy.require_read(session, subject, user_id, policy.NO_STUDENT)
    return queries.enrollments_of(session, [user_id])


def find(session: Session, subject: Actor, number: str) -> Row[Any]:
    """A transcript by the number printed on it. Raises NotFound."""
    known = codes.read_number(number)
    row = queries.by_number(session, known) if known else None
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(policy.NO_TRANSCRIPT)
    return row


def latest(session: Session, subject: Actor) -> Row[Any]:
    """The transcript that was issued last. Raises Forbidden, NotFound where there is none."""
    policy.require_read_all(subject)
    row = queries.latest(session)
    if row is None:
        raise NotFound("No transcript has been issued yet.")
    return row


def valid_of(session: Session, subject: Subject, enrollment_id: int) -> Row[Any] | None:
    """The newest transcript of an enrollment that holds; None without one. Raises NotFound for other people’s."""
    row = queries.valid_of(session, enrollment_id)
    if row is not None:
        policy.require_read(session, subject, row.user_id)
    return row


# Verifying


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a file is a transcript of the school’s that holds."""

    verdict: Verdict
    transcript: Row[Any] | None

    @property
    def accepted(self) -> bool:
        return self.verdict.accepted and self.transcript is not None


def verify(session: Session, subject: Actor, pdf: bytes) -> Judged:
    """Judge a file by the rule for documents; it must be a transcript besides. Raises Forbidden, TooLarge."""
    verdict = documents.verify(session, subject, pdf)
    found = queries.by_document(session, verdict.document.id) if verdict.document is not None else None
    return Judged(verdict, found)


@internal("draws again what was issued; for tests and operators, who have the files anyway")
def redraw(session: Session, files: FileStore, settings: Settings, document_id: int) -> bytes:
    """The file as it was before it was signed, drawn from the stored content: the same bytes, whoever draws it.

    Raises NotFound for a number without a transcript, Unavailable when the school’s picture is missing from the store.
    """
    row = queries.by_document(session, document_id)
    kept = queries.content_of(session, document_id)
    if row is None or kept is None:
        raise NotFound(policy.NO_TRANSCRIPT)
    found = content.read(kept.content)
    school = found["school"]
    try:
        logo = files.read_bytes(school["logo"]["sha256"]) if school["logo"] else None
    except FileMissing:
        raise Unavailable(
            "The logo that this transcript was issued with is missing from the store."
        ) from None
    letterhead = content.letterhead_of(school, logo)
    code = codes.code_for(hash_key(session), row.number)
    if documents.hash_code(code) != kept.code_hash:
        raise Conflict(
            "The key of verification codes was replaced after this transcript was issued, so its QR code cannot be "
            "drawn again. The issued file is kept as it is, and can be verified."
        )
    day = date.fromisoformat(found["issued_on"])
    again = Draft(
        KIND,
        row.user_id,
        row.enrollment_id,
        letterhead,
        {},
        {},
        numbered=lambda number, on: (
            layout.facts(found, number, on, code),
            clr.record(found, number, on),
        ),
    )
    data, _machine = again.data(row.number, day)
    return documents.render(settings, DOCUMENT.layout, data, files=letterhead.files)


# For the command line


def enrollment_for(session: Session, subject: Actor, student: str, program: str) -> int:
    """The enrollment of a student (email address or number) in a program (name or number).

    Of several the latest. Raises NotFound, Invalid where a name fits several programs.
    """
    policy.require_read_all(subject)
    person = queries.student(session, student)
    if person is None:
        raise NotFound(f"There is no student “{student}”. Give the email address or the student number.")
    programs = {
        row.program_id: row.program
        for row in queries.enrollments_of(session, [person])
        if program in (str(row.program_id), row.program) or row.program.casefold() == program.casefold()
    }
    if len(programs) > 1:
        raise Invalid(f"Several programs are called “{program}”. Give the program’s number.")
    for row in queries.enrollments_of(session, [person]):
        if row.program_id in programs:
            number: int = row.id
            return number
    raise NotFound(f"The student “{student}” was never enrolled in a program “{program}”.")


# The kind of document


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    rows = queries.enrollments_of(session, [student_id])
    several = len(rows) > 1
    return [
        Offer(f"Transcript: {row.program}" if several else "Transcript", f"/enrollments/{row.id}/transcript")
        for row in rows
    ]


def _again(document: IssuedDocument) -> str:
    return f"/enrollments/{document.enrollment_id}/transcript"


DOCUMENT = DocumentKind(
    name=KIND,
    prefix="TR",
    title="Transcript",
    layout="transcript.typ",
    sample={
        "title": layout.OFFICIAL,
        "facts": [["Student", "Nguyễn Thị Bích"], ["Grade point average", "3.75"]],
        "courses": [
            {"code": "DA-101", "title": "Anatomy", "day": "May 4, 2026", "grade": "A", "points": "4"}
        ],
        "hours": [["Anatomy", "40 h"]],
        "total_hours": "40 h",
        "externships": [["Peachtree Dental", "80 h", "May 4, 2026"]],
        "scale": "A from 90%, 4 points.",
        "notes": ["A remark."],
        "verify": {
            "page": "https://lms.example.org/verify/transcript",
            "code": "0000-0000-0000-0000",
            "address": "https://lms.example.org/verify/transcript#TR-2026-000001.0000000000000000",
            "qr": documents.SAMPLE_QR,
        },
    },
    offers=_offers,
    again=_again,
)
documents.register_kind(DOCUMENT)
