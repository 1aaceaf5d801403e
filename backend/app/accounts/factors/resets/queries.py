"""SQL of requests to remove a person's factors."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session, aliased

from app.db.models import FactorReset, User

_asker = aliased(User)


def waiting(session: Session, now: datetime) -> Sequence[Row[tuple[FactorReset, User, str]]]:
    """Requests that wait for a second administrator, the oldest first: the person, and the name of who asked, if
    their account is still there."""
    return session.execute(
        select(FactorReset, User, _asker.full_name)
        .join(User, User.id == FactorReset.user_id)
        .outerjoin(_asker, _asker.id == FactorReset.asked_by)
        .where(FactorReset.closed_at.is_(None), FactorReset.expires_at > now, User.deleted_at.is_(None))
        .order_by(FactorReset.id)
    ).all()


def of_person(session: Session, user_id: int, now: datetime) -> FactorReset | None:
    """The request that waits for a person."""
    return session.scalar(
        select(FactorReset).where(
            FactorReset.user_id == user_id, FactorReset.closed_at.is_(None), FactorReset.expires_at > now
        )
    )


def reset(session: Session, reset_id: int) -> FactorReset | None:
    """A request in whatever state, locked, so that two who decide meet here."""
    return session.scalar(
        select(FactorReset)
        .where(FactorReset.id == reset_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def close_expired(session: Session, user_id: int, now: datetime) -> None:
    """Make room for a new request where an older one has had its time."""
    session.execute(
        update(FactorReset)
        .where(FactorReset.user_id == user_id, FactorReset.closed_at.is_(None), FactorReset.expires_at <= now)
        .values(closed_at=now, outcome="expired")
    )
