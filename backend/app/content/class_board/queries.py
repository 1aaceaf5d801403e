"""SQL of what students have done in lessons, many at a time."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, func, select
from sqlalchemy.orm import Session

from app.db.models import Assignment, ContentPackage, HandIn, HandInGrade, LessonMove, ScormData, User


def seen_among(session: Session, user_ids: Collection[int], visible: ColumnElement[bool]) -> set[int]:
    """Those of some students whom somebody sees; `visible` is a condition on `User`."""
    return set(session.scalars(select(User.id).where(User.id.in_(user_ids), visible)))


def work_by_part(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> Sequence[Row[Any]]:
    """Statuses, time, best score and last report of each enrollment in each part of each lesson, in the newest version
    that the student began or was moved to."""
    newest = _newest_begun(enrollment_ids, lesson_ids)
    return session.execute(
        select(
            ScormData.enrollment_id,
            ScormData.lesson_id,
            func.array_agg(ScormData.cmi_core_lesson_status).label("statuses"),
            func.sum(ScormData.total_seconds).label("seconds"),
            func.max(ScormData.score_pct).label("score_pct"),
            func.max(ScormData.updated_at).label("last"),
        )
        .join(
            newest,
            (newest.c.enrollment_id == ScormData.enrollment_id)
            & (newest.c.lesson_id == ScormData.lesson_id)
            & newest.c.package_id.is_not_distinct_from(ScormData.package_id),
        )
        .group_by(ScormData.enrollment_id, ScormData.lesson_id, ScormData.sco_id)
        .order_by(ScormData.enrollment_id, ScormData.lesson_id, ScormData.sco_id)
    ).all()


def _newest_begun(enrollment_ids: Collection[int], lesson_ids: Collection[int]) -> Subquery:
    """The version of each lesson that each enrollment is on; work without a version counts where there is no other."""
    begun, moved = (
        select(row.enrollment_id, row.lesson_id, row.package_id).where(
            row.enrollment_id.in_(enrollment_ids), row.lesson_id.in_(lesson_ids)
        )
        for row in (ScormData, LessonMove)
    )
    both = begun.union(moved).subquery()
    return (
        select(both.c.enrollment_id, both.c.lesson_id, both.c.package_id)
        .distinct(both.c.enrollment_id, both.c.lesson_id)
        .outerjoin(ContentPackage, ContentPackage.id == both.c.package_id)
        .order_by(both.c.enrollment_id, both.c.lesson_id, ContentPackage.version.desc().nulls_last())
        .subquery()
    )


def versions_begun(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> dict[tuple[int, int], ContentPackage]:
    """The version that each enrollment is on in each lesson that it has begun."""
    newest = _newest_begun(enrollment_ids, lesson_ids)
    rows = session.execute(
        select(newest.c.enrollment_id, newest.c.lesson_id, ContentPackage).join(
            ContentPackage, ContentPackage.id == newest.c.package_id
        )
    )
    return {(enrollment_id, lesson_id): package for enrollment_id, lesson_id, package in rows}


def newest_hand_ins(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> Sequence[Row[Any]]:
    """The newest hand-in of each enrollment for each lesson, with the grade that the student sees."""
    latest = (
        select(func.max(HandInGrade.id))
        .where(HandInGrade.hand_in_id == HandIn.id, HandInGrade.released_at.is_not(None))
        .correlate(HandIn)
        .scalar_subquery()
    )
    return session.execute(
        select(
            HandIn.enrollment_id,
            Assignment.lesson_id,
            HandIn.handed_in_at,
            HandInGrade.passed,
            HandInGrade.score_pct,
        )
        .distinct(HandIn.enrollment_id, Assignment.lesson_id)
        .join(Assignment, Assignment.id == HandIn.assignment_id)
        .outerjoin(HandInGrade, HandInGrade.id == latest)
        .where(HandIn.enrollment_id.in_(enrollment_ids), Assignment.lesson_id.in_(lesson_ids))
        .order_by(HandIn.enrollment_id, Assignment.lesson_id, HandIn.id.desc())
    ).all()
