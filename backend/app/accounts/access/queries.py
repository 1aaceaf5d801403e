"""SQL of sign-in, sessions and one-time links."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.duties import queries as duties
from app.db.models import AccountLink, SignInAttempt, User, UserSession
from app.db.ready import Ready
from app.school import service as school


def user_by_email(session: Session, email: str) -> User | None:
    """The account with this address, deleted or not."""
    return session.scalar(select(User).where(User.email == email))


def active_user(session: Session, user_id: int) -> User | None:
    """The account unless it is deleted, locked against changes until the transaction ends."""
    return session.scalar(
        select(User)
        .where(User.id == user_id, User.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# Attempts


def add_attempt(session: Session, email_key: str, ip: str | None, now: datetime) -> int:
    attempt = SignInAttempt(email_key=email_key, ip=ip, succeeded=False, attempted_at=now)
    session.add(attempt)
    session.flush()
    return attempt.id


def failed_attempts(session: Session, email_key: str, since: datetime) -> Sequence[SignInAttempt]:
    """The latest failures for this address, the newest first."""
    return session.scalars(
        select(SignInAttempt)
        .where(
            SignInAttempt.email_key == email_key,
            ~SignInAttempt.succeeded,
            SignInAttempt.attempted_at > since,
        )
        .order_by(SignInAttempt.attempted_at.desc())
        .limit(20)
    ).all()


def mark_succeeded(session: Session, attempt_id: int) -> None:
    session.execute(update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True))


# Sessions

# Every request begins with it.
_LIVE_SESSION = Ready(
    select(
        UserSession.id,
        UserSession.last_seen_at,
        UserSession.purpose,
        UserSession.proved_at,
        UserSession.factor_due_on,
        UserSession.user_id,
        User.email,
        User.full_name,
        User.role,
        duties.held_on(User.id, bindparam("today", type_=Date)).label("duties"),
        school.revision().label("revision"),
    )
    .join(User, User.id == UserSession.user_id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("now"),
        UserSession.last_seen_at > bindparam("idle_since"),
        User.deleted_at.is_(None),
    )
)


def live_session(
    session: Session, token_hash: str, now: datetime, idle_since: datetime, today: date
) -> Any | None:
    """The session with this secret and its owner, unless it is over or the owner is deleted.

    With the owner's duties of today (`duties.queries.held_on`) and the school's revision.
    """
    return _LIVE_SESSION.first(session, token_hash=token_hash, now=now, idle_since=idle_since, today=today)


def hold_sign_in(session: Session, user_id: int, session_id: int | None) -> bool:
    """Lock the session, or the account of somebody who has none, against an end; False when it has ended."""
    if session_id is None:
        held = select(User.id).where(User.id == user_id, User.deleted_at.is_(None))
    else:
        held = select(UserSession.id).where(UserSession.id == session_id, UserSession.revoked_at.is_(None))
    return session.scalar(held.with_for_update(read=True)) is not None


def touch_session(session: Session, session_id: int, now: datetime) -> None:
    """Note that the session is in use. A request beside this one that is doing the same is not waited for."""
    free = (
        select(UserSession.id)
        .where(UserSession.id == session_id)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    session.execute(
        update(UserSession)
        .where(UserSession.id == free)
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


def set_purpose(session: Session, session_id: int, purpose: str) -> None:
    """Keep what the session's person looks at records for."""
    session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(purpose=purpose)
        .execution_options(synchronize_session=False)
    )


def live_sessions(
    session: Session, user_id: int, now: datetime, idle_since: datetime
) -> Sequence[UserSession]:
    """A person's sessions that still work, the latest used first."""
    return session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > idle_since,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        .limit(100)
    ).all()


def revoke_sessions(
    session: Session,
    user_id: int,
    now: datetime,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End the sessions of a person (`only` one, or all `but` one); the number that ended."""
    statement = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if only is not None:
        statement = statement.where(UserSession.id == only)
    if but is not None:
        statement = statement.where(UserSession.id != but)
    return len(session.scalars(statement.values(revoked_at=now).returning(UserSession.id)).all())


def session_by_token(session: Session, token_hash: str) -> UserSession | None:
    """The session with this secret, unless it was revoked."""
    return session.scalar(
        select(UserSession).where(UserSession.token_hash == token_hash, UserSession.revoked_at.is_(None))
    )


# One-time links


def link_with_owner(session: Session, token_hash: str) -> Row[tuple[AccountLink, User]] | None:
    """The link with this secret, in whatever state, and its owner unless deleted."""
    return session.execute(
        select(AccountLink, User)
        .join(User, User.id == AccountLink.user_id)
        .where(AccountLink.token_hash == token_hash, User.deleted_at.is_(None))
    ).one_or_none()


def use_link(session: Session, link_id: int, now: datetime) -> bool:
    """Use the link up; False when someone else has, in this very moment too, or when it is over."""
    used = session.scalar(
        update(AccountLink)
        .where(AccountLink.id == link_id, AccountLink.used_at.is_(None), AccountLink.expires_at > now)
        .values(used_at=now)
        .returning(AccountLink.id)
    )
    return used is not None


def close_links(session: Session, user_id: int, now: datetime, purpose: str | None = None) -> None:
    """Make the person's open links useless, of one purpose or of all."""
    statement = update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(AccountLink.purpose == purpose)
    session.execute(statement.values(used_at=now))


def links_since(session: Session, user_id: int, purpose: str, since: datetime) -> int:
    """How many links of this purpose the person was made since then."""
    return (
        session.scalar(
            select(func.count())
            .select_from(AccountLink)
            .where(
                AccountLink.user_id == user_id, AccountLink.purpose == purpose, AccountLink.created_at > since
            )
        )
        or 0
    )


def add_links(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add many one-time links at once."""
    if rows:
        session.execute(insert(AccountLink), list(rows))
