"""SQL of batches."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.core.jobs import has_no_job
from app.db.models import (
    ClassSeat,
    Enrollment,
    EnrollmentStatus,
    IssuedDocument,
    Program,
    SchoolClass,
    TranscriptBatch,
    TranscriptBatchItem,
    TranscriptContent,
    TranscriptHold,
    User,
)


def candidates(session: Session, *, program_id: int | None, class_id: int | None) -> Sequence[Row[Any]]:
    """Enrollments that a batch is about, by the student’s name: graduates of a program, or the students of a class.

    `number` is that of a transcript that still holds, `hold` the reason of a hold by the staff.
    """
    valid = (
        select(func.max(IssuedDocument.number))
        .join(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .where(TranscriptContent.enrollment_id == Enrollment.id, IssuedDocument.status == "issued")
        .scalar_subquery()
    )
    hold = (
        select(func.min(TranscriptHold.reason))
        .where(TranscriptHold.user_id == Enrollment.user_id, TranscriptHold.lifted_at.is_(None))
        .scalar_subquery()
    )
    statement = (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name.label("student"),
            Program.name.label("program"),
            Enrollment.status,
            valid.label("number"),
            hold.label("hold"),
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(User.deleted_at.is_(None))
        .order_by(func.lower(User.full_name), Enrollment.id)
    )
    if program_id is not None:
        statement = statement.where(
            Enrollment.program_id == program_id, Enrollment.status == EnrollmentStatus.COMPLETED
        )
    if class_id is not None:
        seats = select(ClassSeat.enrollment_id).where(ClassSeat.class_id == class_id)
        statement = statement.where(Enrollment.id.in_(seats))
    return session.execute(statement).all()


def program_title(session: Session, program_id: int) -> str | None:
    return session.scalar(select(Program.name).where(Program.id == program_id))


def class_title(session: Session, class_id: int) -> str | None:
    return session.scalar(select(SchoolClass.code + " " + SchoolClass.name).where(SchoolClass.id == class_id))


def choices(session: Session) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Programs, and classes (the latest first), to choose from."""
    programs = session.execute(select(Program.id, Program.name).order_by(func.lower(Program.name))).tuples()
    classes = session.execute(
        select(SchoolClass.id, SchoolClass.code + " " + SchoolClass.name)
        .order_by(SchoolClass.starts_on.desc(), SchoolClass.id.desc())
        .limit(500)
    ).tuples()
    return list(programs.all()), list(classes.all())


def add(session: Session, batch: TranscriptBatch, enrollment_ids: Sequence[int]) -> None:
    session.add(batch)
    session.flush()
    rows = [{"batch_id": batch.id, "enrollment_id": number} for number in enrollment_ids]
    if rows:
        session.execute(insert(TranscriptBatchItem), rows)


def find(session: Session, batch_id: int, *, lock: bool = False) -> TranscriptBatch | None:
    statement = select(TranscriptBatch).where(TranscriptBatch.id == batch_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def to_do(session: Session, batch_id: int) -> list[int]:
    """The enrollments of a batch of which nothing has become so far."""
    return list(
        session.scalars(
            select(TranscriptBatchItem.enrollment_id)
            .where(
                TranscriptBatchItem.batch_id == batch_id,
                TranscriptBatchItem.document_id.is_(None),
                TranscriptBatchItem.problem.is_(None),
            )
            .order_by(TranscriptBatchItem.enrollment_id)
        )
    )


def students_of(session: Session, enrollment_ids: Collection[int]) -> dict[int, int]:
    """Students by the number of the enrollment."""
    rows = session.execute(
        select(Enrollment.id, Enrollment.user_id).where(Enrollment.id.in_(enrollment_ids))
    ).tuples()
    return dict(rows.all())


def valid_numbers(session: Session, enrollment_ids: Collection[int]) -> dict[int, str]:
    """The newest number that still holds, by enrollment; those without a transcript are left out."""
    rows = session.execute(
        select(TranscriptContent.enrollment_id, func.max(IssuedDocument.number))
        .join(IssuedDocument, IssuedDocument.id == TranscriptContent.document_id)
        .where(TranscriptContent.enrollment_id.in_(enrollment_ids), IssuedDocument.status == "issued")
        .group_by(TranscriptContent.enrollment_id)
    ).tuples()
    return dict(rows.all())


Became = tuple[int | None, str | None]
"""What became of one of a batch: the document, or the problem."""
_NOTE = (
    update(TranscriptBatchItem.__table__)  # type: ignore[arg-type]
    .where(
        TranscriptBatchItem.batch_id == bindparam("of_batch"),
        TranscriptBatchItem.enrollment_id == bindparam("of_enrollment"),
    )
    .values(document_id=bindparam("document"), problem=bindparam("why"))
)


def note(session: Session, batch_id: int, became: Mapping[int, Became]) -> None:
    """Write what became of some of a batch, by enrollment."""
    if became:
        rows = [
            {"of_batch": batch_id, "of_enrollment": number, "document": document_id, "why": problem}
            for number, (document_id, problem) in became.items()
        ]
        session.connection().execute(_NOTE, rows)


def left(session: Session) -> list[int]:
    """Batches that are not over and that no job works on."""
    no_job = has_no_job("transcripts.issue_batch", "batch_id", TranscriptBatch.id)
    found = select(TranscriptBatch.id).where(TranscriptBatch.finished_at.is_(None), no_job)
    return list(session.scalars(found.order_by(TranscriptBatch.id)))


def finish(session: Session, batch_id: int, now: datetime, problem: str | None = None) -> bool:
    """End a batch; False for one that is over already."""
    ended = session.scalar(
        update(TranscriptBatch)
        .where(TranscriptBatch.id == batch_id, TranscriptBatch.finished_at.is_(None))
        .values(finished_at=now, problem=problem)
        .returning(TranscriptBatch.id)
    )
    return ended is not None


def counts(session: Session, batch_id: int) -> tuple[int, int, int]:
    """How many are in a batch, how many were issued, and how many could not be."""
    row = session.execute(
        select(
            func.count(),
            func.count(TranscriptBatchItem.document_id),
            func.count(TranscriptBatchItem.problem),
        ).where(TranscriptBatchItem.batch_id == batch_id)
    ).one()
    return row[0], row[1], row[2]


def items(session: Session, batch_id: int, most: int) -> Sequence[Row[Any]]:
    """What became of each, problems first: student, number, document, problem."""
    return session.execute(
        select(
            User.full_name.label("student"),
            Enrollment.id.label("enrollment_id"),
            IssuedDocument.id.label("document_id"),
            IssuedDocument.number,
            TranscriptBatchItem.problem,
        )
        .join(Enrollment, Enrollment.id == TranscriptBatchItem.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(IssuedDocument, IssuedDocument.id == TranscriptBatchItem.document_id)
        .where(TranscriptBatchItem.batch_id == batch_id)
        .order_by(TranscriptBatchItem.problem.is_(None), func.lower(User.full_name))
        .limit(most)
    ).all()


def recent(session: Session) -> Sequence[TranscriptBatch]:
    """The batches that were asked for last."""
    return session.scalars(select(TranscriptBatch).order_by(TranscriptBatch.id.desc()).limit(10)).all()
