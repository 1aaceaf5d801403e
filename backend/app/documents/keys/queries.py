"""Every SQL statement about signing keys and lists of revoked certificates."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.turns import take_turn
from app.db.models import SigningCrl, SigningKey

ROOT, REGISTRAR, BADGES = "root", "registrar", "badges"
# "keys" in ASCII: whoever makes or changes keys waits for the other one.
_LOCK = 0x6B657973


def lock(session: Session) -> None:
    """Keep others from changing keys until the transaction ends."""
    take_turn(session, _LOCK)


def current(session: Session, role: str) -> SigningKey | None:
    """The key of this role that is not retired; the database allows one."""
    return session.scalars(
        select(SigningKey).where(SigningKey.role == role, SigningKey.retired_at.is_(None))
    ).one_or_none()


def every(session: Session) -> Sequence[SigningKey]:
    """All keys, the first one first."""
    return session.scalars(select(SigningKey).order_by(SigningKey.id)).all()


def by_fingerprint(session: Session, fingerprint: str) -> SigningKey | None:
    return session.scalars(select(SigningKey).where(SigningKey.fingerprint == fingerprint)).one_or_none()


def issued_by(session: Session, root_id: int) -> Sequence[SigningKey]:
    """The certificates that a root issued."""
    return session.scalars(
        select(SigningKey).where(SigningKey.issuer_id == root_id).order_by(SigningKey.id)
    ).all()


def crls(session: Session, root_id: int | None = None) -> Sequence[SigningCrl]:
    """All lists, or those of one root, the newest first."""
    statement = select(SigningCrl)
    if root_id is not None:
        statement = statement.where(SigningCrl.issuer_id == root_id)
    return session.scalars(statement.order_by(SigningCrl.id.desc())).all()


def next_crl_number(session: Session, root_id: int) -> int:
    found = session.scalar(select(func.max(SigningCrl.number)).where(SigningCrl.issuer_id == root_id))
    return (found or 0) + 1


def add(session: Session, row: SigningKey | SigningCrl) -> None:
    session.add(row)
    session.flush()
