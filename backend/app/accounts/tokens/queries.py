"""SQL of API tokens."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.orm import Session

from app.db.models import ApiToken, User


def token_with_owner(session: Session, token_hash: str) -> Row[tuple[ApiToken, User]] | None:
    """The token with this secret, working or not, and its owner; None when the owner is deleted."""
    return session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.token_hash == token_hash, User.deleted_at.is_(None))
    ).one_or_none()


def token_and_owner_by_id(session: Session, token_id: int) -> Row[tuple[ApiToken, User]] | None:
    """The token of this number and its owner; None when the owner is deleted."""
    return session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.id == token_id, User.deleted_at.is_(None))
    ).one_or_none()


def touch_token(session: Session, token_id: int, now: datetime) -> None:
    """Note that the token is in use. A request beside this one that is doing the same is not waited for."""
    free = select(ApiToken.id).where(ApiToken.id == token_id).with_for_update(skip_locked=True)
    session.execute(
        update(ApiToken)
        .where(ApiToken.id == free.scalar_subquery())
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def working_tokens(session: Session, user_id: int, now: datetime) -> Sequence[ApiToken]:
    """A person's tokens that still work, the newest first."""
    return session.scalars(
        select(ApiToken).where(ApiToken.user_id == user_id, _working(now)).order_by(ApiToken.id.desc())
    ).all()


def count_working(session: Session, user_id: int, now: datetime) -> int:
    return (
        session.scalar(
            select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id, _working(now))
        )
        or 0
    )


def revoke_tokens(session: Session, user_id: int, now: datetime, *, only: int | None = None) -> list[int]:
    """Revoke a person's tokens, or one of them; the numbers of those that were working."""
    statement = update(ApiToken).where(ApiToken.user_id == user_id, _working(now))
    if only is not None:
        statement = statement.where(ApiToken.id == only)
    return list(session.scalars(statement.values(revoked_at=now).returning(ApiToken.id)).all())


def _working(now: datetime) -> ColumnElement[bool]:
    return ApiToken.revoked_at.is_(None) & (ApiToken.expires_at > now)
