"""Every SQL statement about issued transcripts and what they are made of."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import (
    Enrollment,
    Externship,
    ExternshipPlacement,
    IssuedDocument,
    Program,
    Transcript,
    TranscriptContent,
    User,
    Withdrawal,
)
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("uq_transcript_contents_document_id", "This transcript was issued at this very moment.")

_Issuer = aliased(User)
_Replacement = aliased(IssuedDocument)
SORTS = {
    "issued": Transcript.generated_at,
    "number": IssuedDocument.number,
    "student": func.lower(User.full_name),
    "program": func.lower(Program.name),
    "status": IssuedDocument.status,
    "gpa": Transcript.gpa,
}


# What a transcript is made of


def enrollments(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """The enrollments with student, program and the day of a withdrawal’s request."""
    requested = (
        select(func.max(Withdrawal.moment)).where(Withdrawal.enrollment_id == Enrollment.id).scalar_subquery()
    )
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            User.deleted_at,
            Enrollment.program_id,
            Program.name.label("program"),
            Program.clock_hours,
            Program.duration_weeks,
            Program.total_credits,
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            requested.label("withdrawn_at"),
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id.in_(enrollment_ids))
        .order_by(Enrollment.id)
    ).all()


def enrollments_of(session: Session, user_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Number, student, program, status and first day of all enrollments of these students, the latest first."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.program_id,
            Program.name.label("program"),
            Enrollment.status,
            Enrollment.enrolled_at,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.user_id.in_(user_ids))
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    ).all()


def externships_of(session: Session, user_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Externship, and the enrollment it was for where that is known, of verified ones, the first one first."""
    return session.execute(
        select(Externship, ExternshipPlacement.enrollment_id)
        .outerjoin(ExternshipPlacement, ExternshipPlacement.externship_id == Externship.id)
        .where(Externship.user_id.in_(user_ids), Externship.verified.is_(True))
        .order_by(Externship.created_at, Externship.id)
    ).all()


def student(session: Session, known_by: str) -> int | None:
    """The number of a student who is there, by email address or number."""
    statement = select(User.id).where(User.role == Role.STUDENT, User.deleted_at.is_(None))
    if known_by.isascii() and known_by.isdigit() and len(known_by) < 10:
        return session.scalar(statement.where(User.id == int(known_by)))
    return session.scalar(statement.where(User.email == known_by.strip().lower()))


# What was issued


def add(session: Session, transcript: Transcript, content: Mapping[str, Any]) -> None:
    """Write a transcript with its content; its number is known afterwards."""
    session.add(transcript)
    session.flush()
    session.add(TranscriptContent(transcript_id=transcript.id, **content))
    session.flush()


def _listed() -> Select[Any]:
    return (
        select(
            Transcript.id,
            Transcript.user_id,
            Transcript.program_id,
            Transcript.gpa,
            Transcript.total_credits,
            Transcript.generated_at,
            TranscriptContent.document_id,
            TranscriptContent.enrollment_id,
            TranscriptContent.student_name,
            User.full_name.label("student"),
            Program.name.label("program"),
            IssuedDocument.number,
            IssuedDocument.status,
            IssuedDocument.sha256,
            IssuedDocument.size_bytes,
            IssuedDocument.issued_at,
            IssuedDocument.ended_at,
            IssuedDocument.void_reason,
            IssuedDocument.replaced_by,
            _Replacement.number.label("replacement"),
            _Issuer.full_name.label("issuer"),
        )
        .join(TranscriptContent, TranscriptContent.transcript_id == Transcript.id)
        .join(IssuedDocument, IssuedDocument.id == TranscriptContent.document_id)
        .join(User, User.id == Transcript.user_id)
        .join(Program, Program.id == Transcript.program_id)
        .outerjoin(_Issuer, _Issuer.id == IssuedDocument.issued_by)
        .outerjoin(_Replacement, _Replacement.id == IssuedDocument.replaced_by)
    )


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    status: str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Issued transcripts, the newest first unless sorted otherwise. A word finds a number or a student."""
    names = (IssuedDocument.number, TranscriptContent.student_name)
    statement = _listed().where(visible, *matches(paging.q, User.search_text, plain=names))
    if status is not None:
        statement = statement.where(IssuedDocument.status == status)
    if program_id is not None:
        statement = statement.where(Transcript.program_id == program_id)
    return Listing(session, statement.order_by(paging.order(SORTS, "-issued"), Transcript.id.desc()), paging)


def of_student(session: Session, user_id: int) -> Sequence[Row[Any]]:
    """A student’s transcripts, the newest first."""
    return session.execute(
        _listed().where(Transcript.user_id == user_id).order_by(Transcript.id.desc())
    ).all()


def by_document(session: Session, document_id: int) -> Row[Any] | None:
    return session.execute(_listed().where(IssuedDocument.id == document_id)).one_or_none()


def by_number(session: Session, number: str) -> Row[Any] | None:
    return session.execute(_listed().where(IssuedDocument.number == number)).one_or_none()


def has_transcripts(session: Session, first: int, last: int) -> bool:
    """Whether a transcript is among the documents from `first` to `last`."""
    found = select(TranscriptContent.document_id).where(
        TranscriptContent.document_id >= first, TranscriptContent.document_id <= last
    )
    return bool(session.scalar(select(found.exists())))


def ended_documents(session: Session, first: int, last: int) -> Sequence[int]:
    """The documents from `first` to `last` that are transcripts, and void or replaced."""
    return session.scalars(
        select(IssuedDocument.id)
        .join(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .where(IssuedDocument.id >= first, IssuedDocument.id <= last)
        .where(IssuedDocument.status.in_(("void", "replaced")))
        .order_by(IssuedDocument.id)
    ).all()


def latest(session: Session) -> Row[Any] | None:
    """The transcript that was issued last."""
    return session.execute(_listed().order_by(Transcript.id.desc()).limit(1)).one_or_none()


def content_of(session: Session, document_id: int) -> TranscriptContent | None:
    return session.scalars(
        select(TranscriptContent).where(TranscriptContent.document_id == document_id)
    ).one_or_none()


def valid_of(session: Session, enrollment_id: int) -> Row[Any] | None:
    """The newest transcript of an enrollment that still holds."""
    return session.execute(
        _listed()
        .where(TranscriptContent.enrollment_id == enrollment_id, IssuedDocument.status == "issued")
        .order_by(Transcript.id.desc())
        .limit(1)
    ).one_or_none()


def for_public(session: Session, number: str, code_hash: str, sha256: str) -> Row[Any] | None:
    """What the public page may need of one number, with whether the code and the file are the right ones.

    One statement whatever is asked and whether the number is known, so that no answer takes longer than another.
    """
    return session.execute(
        select(
            IssuedDocument.id,
            IssuedDocument.number,
            IssuedDocument.status,
            IssuedDocument.student_id,
            IssuedDocument.issued_at,
            IssuedDocument.ended_at,
            Transcript.program_id,
            TranscriptContent.student_name,
            TranscriptContent.content,
            _Replacement.number.label("replacement"),
            (TranscriptContent.code_hash == code_hash).label("code_fits"),
            (IssuedDocument.sha256 == sha256).label("file_fits"),
        )
        .join(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .join(Transcript, Transcript.id == TranscriptContent.transcript_id)
        .outerjoin(_Replacement, _Replacement.id == IssuedDocument.replaced_by)
        .where(IssuedDocument.number == number)
    ).one_or_none()


def number_of_file(session: Session, sha256: str) -> str | None:
    """The number of the transcript whose file has this SHA-256."""
    return session.scalar(
        select(IssuedDocument.number)
        .join(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .where(IssuedDocument.sha256 == sha256)
    )
