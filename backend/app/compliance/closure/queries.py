"""Every SQL statement about closure archives."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.core.jobs import has_no_job
from app.db.models import (
    ClosureArchive,
    Enrollment,
    FormerName,
    IssuedDocument,
    Program,
    StudentProfile,
    TranscriptContent,
    User,
)

_Asker = aliased(User)
KINDS = ("transcript", "credential", "enrollment_agreement")


def _students() -> Select[Any]:
    """Everybody who was ever enrolled or was issued a document: deleted accounts and graduates who work here, too."""
    return select(User.id).where(
        or_(
            User.id.in_(select(Enrollment.user_id)),
            User.id.in_(select(IssuedDocument.student_id).where(IssuedDocument.kind.in_(KINDS))),
        )
    )


def count_students(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(_students().subquery())) or 0


def students(session: Session, after: int, few: int) -> Sequence[Row[Any]]:
    """id, full_name, email, deleted_at and birth_date of the next students behind a number, in its order."""
    return session.execute(
        select(User.id, User.full_name, User.email, User.deleted_at, StudentProfile.birth_date)
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .where(User.id.in_(_students()), User.id > after)
        .order_by(User.id)
        .limit(few)
    ).all()


def former_names(session: Session, numbers: Sequence[int]) -> dict[int, list[str]]:
    """The names that students had before, by student, the earliest first."""
    found: dict[int, list[str]] = {}
    rows = session.execute(
        select(FormerName.user_id, FormerName.full_name)
        .where(FormerName.user_id.in_(numbers))
        .order_by(FormerName.used_until, FormerName.id)
    )
    for number, name in rows:
        found.setdefault(number, []).append(name)
    return found


def enrollments(session: Session, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """id, user_id, program, status, enrolled_at, completed_at of these students, the first one first."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Program.name.label("program"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.user_id.in_(numbers))
        .order_by(Enrollment.user_id, Enrollment.enrolled_at, Enrollment.id)
    ).all()


def documents(session: Session, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """Transcripts, credentials and agreements with a file: student, kind, number, status, time, hash, enrollment."""
    enrollment = func.coalesce(TranscriptContent.enrollment_id, IssuedDocument.enrollment_id)
    return session.execute(
        select(
            IssuedDocument.student_id,
            IssuedDocument.kind,
            IssuedDocument.number,
            IssuedDocument.status,
            IssuedDocument.issued_at,
            IssuedDocument.sha256,
            enrollment.label("enrollment_id"),
        )
        .outerjoin(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .where(
            IssuedDocument.student_id.in_(numbers),
            IssuedDocument.kind.in_(KINDS),
            IssuedDocument.sha256.is_not(None),
        )
        .order_by(IssuedDocument.student_id, IssuedDocument.id)
    ).all()


# Archives that were asked for on the page


def add(session: Session, row: ClosureArchive) -> None:
    session.add(row)
    session.flush()


def find(session: Session, archive_id: int, *, lock: bool = False) -> ClosureArchive | None:
    statement = select(ClosureArchive).where(ClosureArchive.id == archive_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def left_alone(session: Session) -> ClosureArchive | None:
    """The archive that was asked for and that no job makes any more."""
    no_job = has_no_job("closure.make", "archive_id", ClosureArchive.id)
    return session.scalars(
        select(ClosureArchive).where(ClosureArchive.finished_at.is_(None), no_job).limit(1).with_for_update()
    ).one_or_none()


def under_way(session: Session) -> ClosureArchive | None:
    """The archive that is being made."""
    return session.scalars(
        select(ClosureArchive).where(ClosureArchive.finished_at.is_(None)).limit(1)
    ).one_or_none()


def recent(session: Session) -> Sequence[Row[Any]]:
    """ClosureArchive and who asked, the newest first."""
    return session.execute(
        select(ClosureArchive, _Asker.full_name.label("asker"))
        .outerjoin(_Asker, _Asker.id == ClosureArchive.asked_by)
        .order_by(ClosureArchive.id.desc())
        .limit(20)
    ).all()


def note_progress(session: Session, archive_id: int, done: int, total: int) -> None:
    session.execute(
        update(ClosureArchive)
        .where(ClosureArchive.id == archive_id)
        .values(students_done=done, students_total=total)
    )
