"""SQL of passkeys, authenticators, recovery codes and challenges."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.db.models import Authenticator, FactorChallenge, Passkey, RecoveryCode, User, UserSession

# Whose


def passkeys(session: Session, user_id: int) -> Sequence[Passkey]:
    """A person's passkeys, the oldest first."""
    return session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)).all()


def authenticators(session: Session, user_id: int, *, lock: bool = False) -> Sequence[Authenticator]:
    """A person's authenticators, the oldest first."""
    statement = select(Authenticator).where(Authenticator.user_id == user_id).order_by(Authenticator.id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def has_factor(session: Session, user_id: int) -> bool:
    """Whether the person has a passkey or an authenticator; recovery codes alone are none."""
    found = select(Passkey.id).where(Passkey.user_id == user_id).exists()
    also = select(Authenticator.id).where(Authenticator.user_id == user_id).exists()
    return bool(session.scalar(select(found | also)))


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes still work."""
    statement = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(statement) or 0


# Use


def passkey_with_owner(session: Session, credential_id: bytes) -> Row[tuple[Passkey, User]] | None:
    """The passkey with the authenticator's number, and its owner unless deleted; locked, so that uses take turns."""
    return session.execute(
        select(Passkey, User)
        .join(User, User.id == Passkey.user_id)
        .where(Passkey.credential_id == credential_id, User.deleted_at.is_(None))
        .with_for_update(of=Passkey)
        .execution_options(populate_existing=True)
    ).one_or_none()


def use_code(session: Session, user_id: int, code_hash: str, now: datetime) -> bool:
    """Use a recovery code up; False when there is none or somebody has, in this very moment too."""
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return used is not None


# Change


def replace_codes(session: Session, user_id: int, hashes: Sequence[str], now: datetime) -> int:
    """Put these codes in the place of all earlier ones; how many of those still worked."""
    gone = session.scalars(
        delete(RecoveryCode).where(RecoveryCode.user_id == user_id).returning(RecoveryCode.used_at)
    ).all()
    if hashes:
        rows = [{"user_id": user_id, "code_hash": one, "created_at": now} for one in hashes]
        session.execute(insert(RecoveryCode), rows)
    return sum(used_at is None for used_at in gone)


def remove_all(session: Session, user_id: int) -> tuple[int, int]:
    """Remove every passkey and authenticator of a person; how many of each."""
    keys = session.scalars(delete(Passkey).where(Passkey.user_id == user_id).returning(Passkey.id)).all()
    apps = session.scalars(
        delete(Authenticator).where(Authenticator.user_id == user_id).returning(Authenticator.id)
    ).all()
    return len(keys), len(apps)


def set_due(session: Session, user_id: int, due_on: date | None) -> None:
    """Say in all of a person's sessions from which day on they are for setting up a factor alone."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(factor_due_on=due_on)
        .execution_options(synchronize_session=False)
    )


def note_proof(session: Session, session_id: int, now: datetime) -> None:
    """The person in this session has just proved who they are."""
    session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(proved_at=now)
        .execution_options(synchronize_session=False)
    )


# Challenges


def take_challenge(
    session: Session, secret_hash: str, purpose: str, user_id: int | None, now: datetime
) -> FactorChallenge | None:
    """Use a challenge up; None when it is another's, over, or used, in this very moment too."""
    return session.scalar(
        update(FactorChallenge)
        .where(
            FactorChallenge.secret_hash == secret_hash,
            FactorChallenge.purpose == purpose,
            FactorChallenge.user_id.is_not_distinct_from(user_id),
            FactorChallenge.used_at.is_(None),
            FactorChallenge.expires_at > now,
        )
        .values(used_at=now)
        .returning(FactorChallenge)
    )


def waiting_owner(
    session: Session, secret_hash: str, purpose: str, now: datetime
) -> Row[tuple[FactorChallenge, User]] | None:
    """A challenge that still waits, and who must answer it, unless deleted."""
    return session.execute(
        select(FactorChallenge, User)
        .join(User, User.id == FactorChallenge.user_id)
        .where(
            FactorChallenge.secret_hash == secret_hash,
            FactorChallenge.purpose == purpose,
            FactorChallenge.used_at.is_(None),
            FactorChallenge.expires_at > now,
            User.deleted_at.is_(None),
        )
    ).one_or_none()


def drop_waiting(session: Session, user_id: int, purpose: str) -> None:
    """Let nothing of this purpose wait for the person any longer."""
    session.execute(
        delete(FactorChallenge).where(FactorChallenge.user_id == user_id, FactorChallenge.purpose == purpose)
    )
