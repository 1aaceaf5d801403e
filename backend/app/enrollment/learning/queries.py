"""Every SQL statement behind a student's own lessons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.db.models import (
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonCompletion,
    Module,
    Program,
    ScormData,
)

OPEN_TO_STUDENT = (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)


def programs_of(session: Session, user_id: int) -> Sequence[Row[Any]]:
    """Enrollment and Program of the student's active and completed enrollments, active and newest first."""
    return session.execute(
        select(Enrollment, Program)
        .join(Enrollment.program)
        .where(Enrollment.user_id == user_id, Enrollment.status.in_(OPEN_TO_STUDENT))
        .order_by(Enrollment.status, Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    ).all()


def outline(session: Session, program_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Module, Lesson (None in an empty module) and whether the lesson has a package, in order."""
    return session.execute(
        select(Module, Lesson, ContentPackage.id.is_not(None).label("has_package"))
        .outerjoin(Lesson, Lesson.module_id == Module.id)
        .outerjoin(
            ContentPackage,
            (ContentPackage.lesson_id == Lesson.id) & ContentPackage.replaced_at.is_(None),
        )
        .where(Module.program_id.in_(program_ids))
        .order_by(Module.program_id, Module.order_num, Module.id, Lesson.order_num, Lesson.id)
    ).all()


def completions(session: Session, enrollment_ids: Sequence[int]) -> dict[tuple[int, int], LessonCompletion]:
    """Completions by enrollment and lesson."""
    rows = session.scalars(select(LessonCompletion).where(LessonCompletion.enrollment_id.in_(enrollment_ids)))
    return {(row.enrollment_id, row.lesson_id): row for row in rows}


def begun(session: Session, enrollment_ids: Sequence[int]) -> dict[tuple[int, int], datetime]:
    """When each lesson last reported, by enrollment and lesson."""
    rows = session.execute(
        select(ScormData.enrollment_id, ScormData.lesson_id, func.max(ScormData.updated_at))
        .where(ScormData.enrollment_id.in_(enrollment_ids))
        .group_by(ScormData.enrollment_id, ScormData.lesson_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def opened_lesson(session: Session, user_id: int, lesson_id: int) -> tuple[Lesson, Module, Enrollment] | None:
    """A lesson with the enrollment that lets this student see it: the active one before a completed one."""
    row = session.execute(
        select(Lesson, Module, Enrollment)
        .join(Module, Lesson.module_id == Module.id)
        .join(Enrollment, Enrollment.program_id == Module.program_id)
        .where(Lesson.id == lesson_id, Enrollment.user_id == user_id, Enrollment.status.in_(OPEN_TO_STUDENT))
        .order_by(Enrollment.status, Enrollment.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])
