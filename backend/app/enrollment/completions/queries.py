"""SQL of completions: which lessons are done, and the progress written from them."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import (
    Integer,
    column,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.db.models import (
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonCompletion,
    Module,
)
from app.enrollment.queries import id_array


def completion(session: Session, enrollment_id: int, lesson_id: int) -> LessonCompletion | None:
    return session.scalars(
        select(LessonCompletion).where(
            LessonCompletion.enrollment_id == enrollment_id, LessonCompletion.lesson_id == lesson_id
        )
    ).one_or_none()


def has_package(session: Session, lesson_id: int) -> bool:
    current = (ContentPackage.lesson_id == lesson_id) & ContentPackage.replaced_at.is_(None)
    return bool(session.scalar(select(exists().where(current))))


def completions_of(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> Sequence[LessonCompletion]:
    return session.scalars(
        select(LessonCompletion).where(
            LessonCompletion.enrollment_id == func.any(id_array("enrollment_ids", list(enrollment_ids))),
            LessonCompletion.lesson_id == func.any(id_array("lesson_ids", list(lesson_ids))),
        )
    ).all()


def scores_of(session: Session, lesson_id: int, enrollment_ids: Collection[int]) -> dict[int, Decimal]:
    """Scores of a lesson by enrollment, where there are any."""
    rows = session.execute(
        select(LessonCompletion.enrollment_id, LessonCompletion.score_pct).where(
            LessonCompletion.lesson_id == lesson_id,
            LessonCompletion.enrollment_id == func.any(id_array("ids", list(enrollment_ids))),
            LessonCompletion.score_pct.is_not(None),
        )
    )
    return {row[0]: row[1] for row in rows}


def lesson_in_program(session: Session, lesson_id: int, program_id: int) -> Lesson | None:
    """A lesson, if it belongs to the program."""
    return session.scalars(
        select(Lesson)
        .join(Module, Lesson.module_id == Module.id)
        .where(Lesson.id == lesson_id, Module.program_id == program_id)
    ).one_or_none()


def needs_check(session: Session, lesson_id: int) -> bool:
    """Whether only staff complete the lesson."""
    return bool(session.scalar(select(Lesson.needs_check).where(Lesson.id == lesson_id)))


def lesson_count(session: Session, program_id: int) -> int:
    """How many lessons of a program count: those that are not optional."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Lesson)
            .join(Module, Lesson.module_id == Module.id)
            .where(Module.program_id == program_id, ~Lesson.optional)
        )
        or 0
    )


def completed_counts(session: Session, enrollment_ids: Sequence[int]) -> dict[int, int]:
    """How many lessons of its own program that count each of these enrollments has completed; none is left out as 0."""
    rows = session.execute(
        select(LessonCompletion.enrollment_id, func.count())
        .join(Enrollment, LessonCompletion.enrollment_id == Enrollment.id)
        .join(Lesson, LessonCompletion.lesson_id == Lesson.id)
        .join(Module, (Lesson.module_id == Module.id) & (Module.program_id == Enrollment.program_id))
        .where(LessonCompletion.enrollment_id == func.any(id_array("ids", enrollment_ids)), ~Lesson.optional)
        .group_by(LessonCompletion.enrollment_id)
    )
    return {row[0]: row[1] for row in rows}


def lock_active(session: Session, program_id: int) -> dict[int, int]:
    """Lock a program's active enrollments, in one order always; their numbers with the progress written."""
    rows = session.execute(
        select(Enrollment.id, func.coalesce(Enrollment.progress_pct, -1))
        .where(Enrollment.program_id == program_id, Enrollment.status == EnrollmentStatus.ACTIVE)
        .order_by(Enrollment.id)
        .with_for_update(key_share=True)
    )
    return {row[0]: row[1] for row in rows}


def write_progress(session: Session, percents: Mapping[int, int]) -> None:
    """Write the progress of many enrollments in one statement."""
    given = (
        func.unnest(id_array("ids", list(percents)), id_array("percents", list(percents.values())))
        .table_valued(column("id", Integer), column("percent", Integer))
        .render_derived("given")
    )
    session.execute(
        update(Enrollment)
        .where(Enrollment.id == given.c.id)
        .values(progress_pct=given.c.percent)
        .execution_options(synchronize_session=False)
    )
    for record in session.identity_map.values():
        if isinstance(record, Enrollment) and record.id in percents:
            session.expire(record, ["progress_pct"])
