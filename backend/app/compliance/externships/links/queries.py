"""Every SQL statement about supervisors' links and evaluations."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Integer, Row, func, or_, select, update
from sqlalchemy import cast as cast_
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import (
    Enrollment,
    Externship,
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipLink,
    ExternshipPlacement,
    ExternshipSupervisor,
    User,
)

register_conflict(
    "uq_externship_evaluations_link_id",
    "This evaluation was saved already. Nothing was changed.",
)


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def by_hash(session: Session, token_hash: str, *, lock: bool = False) -> Row[Any] | None:
    """ExternshipLink, ExternshipSupervisor, ExternshipPlacement, Externship, User and the program's number behind a
    link. Locked, two who use it at once come one after the other."""
    statement = (
        select(
            ExternshipLink,
            ExternshipSupervisor,
            ExternshipPlacement,
            Externship,
            User,
            Enrollment.program_id,
        )
        .join(ExternshipSupervisor, ExternshipSupervisor.id == ExternshipLink.supervisor_id)
        .join(ExternshipPlacement, ExternshipPlacement.externship_id == ExternshipLink.externship_id)
        .join(Enrollment, Enrollment.id == ExternshipPlacement.enrollment_id)
        .join(Externship, Externship.id == ExternshipLink.externship_id)
        .join(User, User.id == Externship.user_id)
        .where(ExternshipLink.token_hash == token_hash)
        .execution_options(populate_existing=True)
    )
    if lock:
        # The externship before the link, as verification and the student do.
        session.execute(
            select(Externship.id)
            .join(ExternshipLink, ExternshipLink.externship_id == Externship.id)
            .where(ExternshipLink.token_hash == token_hash)
            .with_for_update(key_share=True, of=Externship)
        )
        statement = statement.with_for_update(key_share=True, of=ExternshipLink)
    return session.execute(statement).one_or_none()


def revoke(session: Session, externship_id: int, week: date | None, now: datetime) -> int:
    """Unused links stop working; how many."""
    statement = update(ExternshipLink).where(
        ExternshipLink.externship_id == externship_id,
        ExternshipLink.used_at.is_(None),
        ExternshipLink.revoked_at.is_(None),
    )
    if week is not None:
        statement = statement.where(ExternshipLink.week == week)
    done = cast("CursorResult[Any]", session.execute(statement.values(revoked_at=now)))
    return done.rowcount


def revoke_of(session: Session, supervisor_id: int, now: datetime) -> int:
    """Unused links of a supervisor stop working; how many."""
    statement = update(ExternshipLink).where(
        ExternshipLink.supervisor_id == supervisor_id,
        ExternshipLink.used_at.is_(None),
        ExternshipLink.revoked_at.is_(None),
    )
    done = cast("CursorResult[Any]", session.execute(statement.values(revoked_at=now)))
    return done.rowcount


def evaluated(session: Session, link_id: int) -> bool:
    """Whether an evaluation came by this link."""
    return bool(
        session.scalar(
            select(select(ExternshipEvaluation.id).where(ExternshipEvaluation.link_id == link_id).exists())
        )
    )


def last_evaluated_on(session: Session, externship_id: int) -> date | None:
    """When the externship was last evaluated."""
    return session.scalar(
        select(func.max(ExternshipEvaluation.evaluated_on)).where(
            ExternshipEvaluation.externship_id == externship_id
        )
    )


def due(session: Session, after: date, before: date, since: datetime, most: int) -> Sequence[Row[Any]]:
    """Externship and Sunday of each week between two days that has unconfirmed days and no link sent since a moment.

    Weeks begin on Sunday, as everywhere in the system.
    """
    weekday = func.extract("dow", ExternshipHours.day)
    week = ExternshipHours.day - cast_(weekday, Integer)
    recent = (
        select(ExternshipLink.id)
        .where(
            ExternshipLink.externship_id == ExternshipHours.externship_id,
            ExternshipLink.week == week,
            ExternshipLink.created_at > since,
            ExternshipLink.revoked_at.is_(None),
        )
        .correlate(ExternshipHours)
    )
    return session.execute(
        select(ExternshipHours.externship_id, week.label("week"))
        .join(Externship, Externship.id == ExternshipHours.externship_id)
        .join(User, User.id == Externship.user_id)
        .where(
            ExternshipHours.state == "logged",
            ExternshipHours.day >= after,
            ExternshipHours.day < before,
            User.deleted_at.is_(None),
            or_(Externship.verified.is_(False), Externship.verified.is_(None)),
            ~recent.exists(),
        )
        .group_by(ExternshipHours.externship_id, week)
        .order_by(week, ExternshipHours.externship_id)
        .limit(most)
    ).all()
