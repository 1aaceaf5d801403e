"""What must come back soon and once: a passkey's challenge, or a sign-in that waits for its second step.

The database keeps a hash. It comes back once, for its own purpose and person, and not after `LIFETIME`.
"""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from app.accounts.factors import queries
from app.core import clock
from app.core.tokens import hash_token, new_token
from app.db.models import FactorChallenge, User

LIFETIME = timedelta(minutes=5)
WAITS_FOR = timedelta(minutes=10)
"""How long a sign-in waits for its second step."""


class Purpose(StrEnum):
    """What is asked for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    PROVE = "prove"
    SECOND_STEP = "second_step"


def make(session: Session, purpose: Purpose, user_id: int | None) -> bytes:
    """A challenge for a passkey, of 32 random bytes."""
    challenge = secrets.token_bytes(32)
    _add(session, purpose, user_id, hashlib.sha256(challenge).hexdigest(), LIFETIME)
    return challenge


def take(session: Session, purpose: Purpose, user_id: int | None, challenge: bytes) -> bool:
    """Whether the challenge was made for this, is not too old, and comes back for the first time."""
    hashed = hashlib.sha256(challenge).hexdigest()
    return queries.take_challenge(session, hashed, purpose, user_id, clock.now()) is not None


def wait(session: Session, user_id: int) -> str:
    """The secret of a sign-in whose password was right; an earlier one of the person stops waiting."""
    queries.drop_waiting(session, user_id, Purpose.SECOND_STEP)
    clear, hashed = new_token()
    _add(session, Purpose.SECOND_STEP, user_id, hashed, WAITS_FOR)
    return clear


def waiting(session: Session, clear: str) -> User | None:
    """Whose sign-in waits behind this secret."""
    found = queries.waiting_owner(session, hash_token(clear), Purpose.SECOND_STEP, clock.now())
    return None if found is None else found[1]


def finish(session: Session, user_id: int, clear: str) -> bool:
    """Use a waiting sign-in up; False when something else has."""
    hashed = hash_token(clear)
    return queries.take_challenge(session, hashed, Purpose.SECOND_STEP, user_id, clock.now()) is not None


def _add(session: Session, purpose: Purpose, user_id: int | None, hashed: str, life: timedelta) -> None:
    now = clock.now()
    session.add(
        FactorChallenge(
            purpose=purpose.value, user_id=user_id, secret_hash=hashed, created_at=now, expires_at=now + life
        )
    )
    session.flush()
