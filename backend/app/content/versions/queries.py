"""SQL of the versions that students are on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from app.db.models import (
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    LessonMove,
    ScormData,
    User,
)


def students_begun(session: Session, lesson_id: int, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Enrollment, account, name and highest version of each student who has begun a lesson and studies on; `visible` is
    a condition on `User`."""
    begun = select(ScormData.enrollment_id, ScormData.package_id).where(ScormData.lesson_id == lesson_id)
    moved = select(LessonMove.enrollment_id, LessonMove.package_id).where(LessonMove.lesson_id == lesson_id)
    both = begun.union(moved).subquery()
    return session.execute(
        select(
            Enrollment.id,
            User.id.label("user_id"),
            User.full_name,
            func.max(ContentPackage.version).label("version"),
        )
        .join(both, both.c.enrollment_id == Enrollment.id)
        .join(ContentPackage, ContentPackage.id == both.c.package_id)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.status == EnrollmentStatus.ACTIVE, User.deleted_at.is_(None), visible)
        .group_by(Enrollment.id, User.id, User.full_name)
        .order_by(User.full_name, Enrollment.id)
    ).all()


def add_move(
    session: Session, *, enrollment_id: int, lesson_id: int, package_id: int, by: int, at: datetime
) -> LessonMove:
    move = LessonMove(
        enrollment_id=enrollment_id, lesson_id=lesson_id, package_id=package_id, moved_by=by, moved_at=at
    )
    session.add(move)
    session.flush()
    return move
