"""Every SQL statement about reviews of academic progress and appeals."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    Program,
    ProgressAppeal,
    ProgressReview,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict("uq_progress_appeals_review_id", "There is an appeal against this review already.")
register_conflict(
    "uq_progress_reviews_enrollment_id_checkpoint", "This checkpoint was reviewed a moment ago."
)
register_conflict("check_progress_appeals_two_people", "Who appeals does not decide the appeal.")

STATE: Any = case(
    (
        and_(ProgressReview.state == "not_met", ProgressAppeal.outcome == "granted"),
        "probation",
    ),
    else_=ProgressReview.state,
)
"""The state that counts: not met becomes probation when an appeal was granted."""
_Newer = aliased(ProgressReview)


def _listed() -> Select[Any]:
    return (
        select(
            ProgressReview.id,
            ProgressReview.enrollment_id,
            Enrollment.user_id,
            User.full_name,
            User.email,
            Program.name.label("program"),
            Enrollment.status.label("enrollment_status"),
            ProgressReview.checkpoint_pct,
            ProgressReview.reviewed_on,
            STATE.label("state"),
            ProgressReview.attended_minutes,
            ProgressReview.scheduled_minutes,
            ProgressReview.pace_pct,
            ProgressReview.gpa,
            ProgressReview.explanation,
            ProgressReview.policy_id,
            ProgressAppeal.id.label("appeal_id"),
            ProgressAppeal.reason.label("appeal_reason"),
            ProgressAppeal.asked_by.label("appeal_by"),
            ProgressAppeal.asked_at.label("appealed_at"),
            ProgressAppeal.decided_at,
            ProgressAppeal.outcome,
            ProgressAppeal.note,
        )
        .join(Enrollment, Enrollment.id == ProgressReview.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(ProgressAppeal, ProgressAppeal.review_id == ProgressReview.id)
    )


def _latest() -> ColumnElement[bool]:
    return ~exists().where(
        _Newer.enrollment_id == ProgressReview.enrollment_id,
        _Newer.checkpoint_pct > ProgressReview.checkpoint_pct,
    )


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    state: str | None,
    at_risk: bool,
    appeals: bool,
) -> Listing[Any]:
    """The latest review of each active enrollment, the lowest pace first unless sorted otherwise."""
    statement = _listed().where(
        visible, _latest(), User.deleted_at.is_(None), Enrollment.status == EnrollmentStatus.ACTIVE
    )
    statement = statement.where(*matches(paging.q, User.search_text, Program.name))
    if state is not None:
        statement = statement.where(state == STATE)
    if at_risk:
        statement = statement.where(ProgressReview.state != "good")
    if appeals:
        statement = statement.where(ProgressAppeal.id.is_not(None), ProgressAppeal.decided_at.is_(None))
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "program": func.lower(Program.name),
            "state": STATE,
            "pace": ProgressReview.pace_pct,
            "gpa": ProgressReview.gpa,
            "day": ProgressReview.reviewed_on,
        },
        "pace",
    )
    return Listing(session, statement.order_by(order, ProgressReview.id), paging)


def of_enrollments(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Every review of these enrollments, the newest first."""
    return session.execute(
        _listed()
        .where(ProgressReview.enrollment_id.in_(enrollment_ids))
        .order_by(ProgressReview.checkpoint_pct.desc(), ProgressReview.id.desc())
    ).all()


def one(session: Session, review_id: int) -> Row[Any] | None:
    """One review with its appeal."""
    return session.execute(_listed().where(ProgressReview.id == review_id)).one_or_none()


def active(session: Session, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """id, user_id, enrolled_at, clock_hours and duration_weeks of active enrollments, locked against twin reviews."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.enrolled_at,
            Program.clock_hours,
            Program.duration_weeks,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.status == EnrollmentStatus.ACTIVE, User.deleted_at.is_(None), visible)
        .order_by(Enrollment.id)
        .with_for_update(key_share=True, of=Enrollment)
    ).all()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def appeal(session: Session, appeal_id: int) -> ProgressAppeal | None:
    """An appeal by its number, locked."""
    return session.scalars(
        select(ProgressAppeal)
        .where(ProgressAppeal.id == appeal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def appeals_to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Appeals that wait for a decision, for the queue."""
    return (
        select(
            *line(
                number=ProgressAppeal.id,
                student_id=Enrollment.user_id,
                about=User.full_name,
                what=func.concat("Review at ", ProgressReview.checkpoint_pct, "% of ", Program.name),
                since=ProgressAppeal.asked_at,
                href=func.concat("/academic-progress/", ProgressReview.id),
            )
        )
        .select_from(ProgressAppeal)
        .join(ProgressReview, ProgressReview.id == ProgressAppeal.review_id)
        .join(Enrollment, Enrollment.id == ProgressReview.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(ProgressAppeal.decided_at.is_(None), User.deleted_at.is_(None), visible)
    )
