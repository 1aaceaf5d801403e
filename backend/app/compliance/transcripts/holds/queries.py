"""SQL of holds."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from app.db.models import TranscriptHold, User

_Setter, _Lifter = aliased(User), aliased(User)


def standing(session: Session, user_ids: Collection[int]) -> Sequence[TranscriptHold]:
    """Holds of students that were not lifted, the first one first."""
    return session.scalars(
        select(TranscriptHold)
        .where(TranscriptHold.user_id.in_(user_ids), TranscriptHold.lifted_at.is_(None))
        .order_by(TranscriptHold.id)
    ).all()


def every(session: Session, user_id: int) -> Sequence[Row[Any]]:
    """TranscriptHold with who set and who lifted it, the newest first."""
    return session.execute(
        select(TranscriptHold, _Setter.full_name.label("setter"), _Lifter.full_name.label("lifter"))
        .outerjoin(_Setter, _Setter.id == TranscriptHold.set_by)
        .outerjoin(_Lifter, _Lifter.id == TranscriptHold.lifted_by)
        .where(TranscriptHold.user_id == user_id)
        .order_by(TranscriptHold.id.desc())
    ).all()


def lock_student(session: Session, user_id: int) -> bool:
    """Be alone with a student: whoever writes a transcript of theirs comes before or after. False for nobody."""
    locked = select(User.id).where(User.id == user_id).with_for_update()
    return session.scalar(locked) is not None


def find(session: Session, hold_id: int) -> TranscriptHold | None:
    """A hold, locked."""
    return session.scalars(
        select(TranscriptHold)
        .where(TranscriptHold.id == hold_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def add(session: Session, hold: TranscriptHold) -> TranscriptHold:
    session.add(hold)
    session.flush()
    return hold


def name_of(session: Session, user_id: int) -> str | None:
    """The student’s name; None for nobody."""
    return session.scalar(select(User.full_name).where(User.id == user_id))
