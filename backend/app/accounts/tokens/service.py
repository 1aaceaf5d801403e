"""API tokens: made, used, listed, revoked."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts.access.service import subject_for
from app.accounts.tokens import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.permissions import Subject, internal
from app.core.tokens import hash_token, new_token
from app.db.models import ApiToken
from app.settings import Settings

PREFIX = "aada_"
"""Makes a token that has leaked into a file or a log recognizable as one."""
HINT_LENGTH = 10
MOST_TOKENS = 50
TOUCH_EVERY = timedelta(minutes=1)


def create_token(
    session: Session, subject: Subject, name: str, lifetime_days: int | None
) -> tuple[ApiToken, str]:
    """A new token of the person's, and its clear text, which is never to be had again."""
    if subject.token_id is not None:
        raise Forbidden("A token cannot create another token. Sign in with your password to create one.")
    now = clock.now()
    if queries.count_working(session, subject.user_id, now) >= MOST_TOKENS:
        raise Conflict(f"You have {MOST_TOKENS} tokens. Revoke unused tokens first.")
    random, _hash = new_token()
    clear = PREFIX + random
    token = ApiToken(
        user_id=subject.user_id,
        name=name,
        token_hash=hash_token(clear),
        hint=clear[:HINT_LENGTH],
        created_at=now,
        expires_at=None if lifetime_days is None else now + timedelta(days=lifetime_days),
    )
    session.add(token)
    session.flush()
    history.record(session, subject, Action.API_TOKEN_CREATED, token.id, name=name)
    return token, clear


@internal("finds out who is asking")
def subject_of(session: Session, settings: Settings, clear: str) -> Subject | None:
    """The person whose token this is, or None. Notes the use, once a minute at most."""
    now = clock.now()
    found = queries.live_token(session, hash_token(clear), now)
    if found is None:
        return None
    token, user = found
    if token.last_used_at is None or token.last_used_at <= now - TOUCH_EVERY:
        queries.touch_token(session, token.id, now)
    return subject_for(session, settings, user, token_id=token.id)


def list_tokens(session: Session, subject: Subject) -> Sequence[ApiToken]:
    """The person's own tokens that still work."""
    return queries.working_tokens(session, subject.user_id, clock.now())


def revoke_token(session: Session, subject: Subject, token_id: int) -> None:
    """Revoke one of the person's own tokens. Raises NotFound for any other."""
    if not queries.revoke_tokens(session, subject.user_id, clock.now(), only=token_id):
        raise NotFound("You have no such token, or it has already ended.")
    history.record(session, subject, Action.API_TOKEN_REVOKED, token_id)


@internal("a step of deleting an account")
def revoke_all(session: Session, user_id: int) -> int:
    """Revoke every token of an account that is being deleted; how many there were."""
    return len(queries.revoke_tokens(session, user_id, clock.now()))
