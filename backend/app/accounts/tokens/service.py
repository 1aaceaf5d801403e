"""API tokens: made, used, listed, revoked."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.access import session_ends
from app.accounts.access.service import student_id_of, subject_for
from app.accounts.people import queries as people
from app.accounts.tokens import queries
from app.core import clock, history, mail
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound, Unauthorized
from app.core.permissions import Permission, Subject, internal
from app.core.tokens import hash_token, new_token
from app.db.models import ApiToken, User
from app.school import service as school
from app.settings import Settings, get_settings
from app.web.formats import local_time

PREFIX = "aada_"
"""Makes a token that has leaked into a file or a log recognizable as one."""
HINT_LENGTH = 10
MOST_TOKENS = 50
TOUCH_EVERY = timedelta(minutes=1)
NO_TOKEN = "There is no such token, or it has already ended."  # noqa: S105 - a sentence


def create_token(
    session: Session,
    subject: Subject,
    name: str,
    lifetime_days: int,
    *,
    scopes: Collection[Permission] | None = None,
    read_only: bool = False,
) -> tuple[ApiToken, str]:
    """A new token of the person's, and its clear text, which is never to be had again.

    `scopes` are what it gets of the person's permissions; None for all of today's. Raises Forbidden for a token that
    would make another, Invalid for permissions that the person does not have.
    """
    policy.require_in_person(subject)
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
        expires_at=now + timedelta(days=lifetime_days),
        scopes=_within(subject, scopes),
        read_only=read_only,
    )
    session.add(token)
    session.flush()
    history.record(
        session,
        subject,
        Action.API_TOKEN_CREATED,
        token.id,
        name=name,
        scopes=token.scopes,
        read_only=read_only,
        expires_at=token.expires_at,
    )
    return token, clear


@internal("finds out who is asking")
def subject_of(session: Session, settings: Settings, clear: str) -> tuple[Subject, bool]:
    """The person whose token this is, as far as the token reaches, and whether it may only read.

    Notes the use, once a minute at most. Raises Unauthorized with the reason for a token that does not work.
    """
    now = clock.now()
    found = queries.token_with_owner(session, hash_token(clear))
    if found is None:
        raise _unauthorized("This API token is not valid. Check that it was copied completely.")
    token, user = found
    zone = school.facts(session).zone
    if token.revoked_at is not None:
        raise _unauthorized(f"This API token was revoked on {local_time(token.revoked_at, zone)}. {_ANOTHER}")
    if token.expires_at <= now:
        raise _unauthorized(f"This API token expired on {local_time(token.expires_at, zone)}. {_ANOTHER}")
    if token.last_used_at is None or token.last_used_at <= now - TOUCH_EVERY:
        queries.touch_token(session, token.id, now)
    scopes = frozenset(one for one in Permission if one.value in token.scopes)
    return subject_for(session, settings, user, token_id=token.id, scopes=scopes), token.read_only


_ANOTHER = "Create another one under Your account."


def list_tokens(session: Session, subject: Subject) -> Sequence[ApiToken]:
    """The person's own tokens that still work."""
    return queries.working_tokens(session, subject.user_id, clock.now())


def tokens_of(session: Session, subject: Subject, user_id: int) -> Sequence[ApiToken]:
    """Another person's tokens that still work. Raises NotFound unless one may see how people are signed in."""
    policy.require_see_devices(subject, people.user(session, user_id))
    return queries.working_tokens(session, user_id, clock.now())


def revoke_token(session: Session, subject: Subject, token_id: int) -> None:
    """Revoke one of the person's own tokens. Raises NotFound for any other."""
    if not queries.revoke_tokens(session, subject.user_id, clock.now(), only=token_id):
        raise NotFound(NO_TOKEN)
    history.record(session, subject, Action.API_TOKEN_REVOKED, token_id)


def revoke_token_of(session: Session, subject: Subject, user_id: int, token_id: int) -> None:
    """Revoke one of another person's tokens. Raises Forbidden unless one keeps accounts."""
    user = policy.require_end_devices(subject, people.user(session, user_id))
    if not queries.revoke_tokens(session, user_id, clock.now(), only=token_id):
        raise NotFound(NO_TOKEN)
    history.record(session, subject, Action.API_TOKEN_REVOKED, token_id, student_id=student_id_of(user))


@internal("a step of deleting an account")
def revoke_all(session: Session, user_id: int) -> int:
    """Revoke every token of an account that is being deleted; how many there were."""
    return len(queries.revoke_tokens(session, user_id, clock.now()))


@internal("a step of withdrawing a student")
def revoke_for(session: Session, user_id: int, reason: str) -> int:
    """Revoke every token of a person, each with the reason in the history; how many there were."""
    user = people.user(session, user_id)
    revoked = queries.revoke_tokens(session, user_id, clock.now())
    for token_id in revoked:
        _record_end(session, user, token_id, reason)
    return len(revoked)


def _follow_duties(session: Session, ended: session_ends.Ended) -> None:
    """The person lost a duty or the role: tokens with a permission that went with it end, and none comes back."""
    user = people.user(session, ended.user_id)
    if ended.why is not session_ends.Why.DUTY_ENDED or user is None:
        return
    now = clock.now()
    subject = subject_for(session, _settings(session), user)
    kept = {permission.value for permission in Permission if subject.may(permission)}
    for token in queries.working_tokens(session, user.id, now):
        if not set(token.scopes) <= kept:
            queries.revoke_tokens(session, user.id, now, only=token.id)
            _record_end(session, user, token.id, "Its owner no longer has a permission that it was given")


session_ends.register("accounts: tokens", _follow_duties)


def _record_end(session: Session, user: User | None, token_id: int, reason: str) -> None:
    student_id = None if user is None else student_id_of(user)
    history.record(session, None, Action.API_TOKEN_REVOKED, token_id, student_id=student_id, reason=reason)


@internal("follows from an entry of the history, which says that the token was made")
def send_token_created(session: Session, token_id: int, at: datetime) -> None:
    """Mail the owner that a token of theirs was made, what it may do and until when; nothing for one that is gone."""
    found = queries.token_and_owner_by_id(session, token_id)
    if found is None:
        return
    token, user = found
    known = school.facts(session)
    mail.send(
        session,
        user.email,
        "token_created",
        school=known.legal_name,
        name=user.full_name,
        token=token.name,
        made=local_time(at, known.zone),
        until=local_time(token.expires_at, known.zone),
        access=_in_words(token),
        manage=f"{_settings(session).app_origin}/account/tokens",
    )


def _in_words(token: ApiToken) -> str:
    """`only read: own records, Students: read all`."""
    labels = [one.label for one in Permission if one.value in token.scopes]
    return f"{'read' if token.read_only else 'read and change'}: {', '.join(['your own records', *labels])}"


def _within(subject: Subject, scopes: Collection[Permission] | None) -> list[str]:
    own = [permission for permission in Permission if subject.may(permission)]
    wanted = own if scopes is None else scopes
    if foreign := sorted(set(wanted) - set(own)):
        sentence = f"You do not have these permissions yourself: {', '.join(foreign)}. Leave them out."
        raise Invalid(sentence, errors=[FieldError("scopes", sentence)])
    return sorted(permission.value for permission in wanted)


def _unauthorized(sentence: str) -> Unauthorized:
    return Unauthorized(sentence, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _settings(session: Session) -> Settings:
    settings: Settings = session.info.get("settings") or get_settings()
    return settings
