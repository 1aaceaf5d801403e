"""The way in and out: sign-in, sessions, sign-out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.accounts import passwords, policy
from app.accounts.access import attempts, known_browsers, queries
from app.accounts.access.attempts import Visitor, fold_email
from app.accounts.access.browser_names import browser_name
from app.accounts.access.failures import recorded
from app.accounts.access.session_ends import Ended, Why, end_sessions
from app.accounts.duties import service as duties
from app.accounts.people import queries as people
from app.core import clock, history, own_rows
from app.core.actions import Action
from app.core.errors import NotFound, Unauthorized
from app.core.permissions import Permission, Role, Subject, internal
from app.core.purposes import Purpose
from app.core.tokens import hash_token, new_token
from app.db.models import SignInAttempt, User, UserSession
from app.db.session import Database
from app.school import service as school
from app.settings import Settings

T = TypeVar("T")

TOUCH_EVERY = timedelta(minutes=1)
FAILURES_SHOWN = timedelta(days=30)
WRONG = "The email address and password do not match. Check both, or reset your password."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its owner, the secret for the session's cookie, and the cookie by which the browser is known."""

    subject: Subject
    secret: str
    known: str


# Signing in


@recorded
@internal("nobody is known yet")
def authenticate(
    database: Database,
    settings: Settings,
    email: str,
    password: str,
    visitor: Visitor,
    then: Callable[[Session, User], T],
) -> T:
    """Check an address and a password, and do `then` with the account.

    Works in two short transactions of its own: the attempt is on record, as a failure, before the password is looked
    at, so that neither an error nor a hundred attempts at once go uncounted; and no connection waits for bcrypt.

    Raises Unauthorized with one sentence for every kind of mismatch, TooManyRequests with the time to wait.
    """
    email = fold_email(email)
    with database.begin() as session:
        user = queries.user_by_email(session, email)
        if user is not None and user.deleted_at is not None:
            user = None
        attempt = attempts.begin(session, settings, email, visitor, user)
    stored = None if user is None else user.hashed_password
    if not passwords.verify(settings, password, stored) or user is None or stored is None:
        raise Unauthorized(WRONG)

    better = passwords.hash_password(settings, password) if passwords.needs_rehash(settings, stored) else None
    with database.begin() as session:
        current = queries.active_user(session, user.id)
        if current is None or current.hashed_password != stored:
            # Deleted, or given another password, while bcrypt was at work.
            raise Unauthorized(WRONG)
        if better is not None:
            current.hashed_password = better
        attempts.succeeded(session, attempt)
        return then(session, current)


# Sessions


@internal("a step of signing in")
def open_session(
    session: Session,
    settings: Settings,
    user: User,
    visitor: Visitor,
    *,
    factor_due_on: date | None = None,
) -> SignedIn:
    """Sign the person in: a new secret each time, and the browser's old session ends.

    From the day `factor_due_on` on it reaches only the pages where a second factor is set up.
    """
    now = clock.now()
    if visitor.old_secret is not None:
        old = queries.session_by_token(session, hash_token(visitor.old_secret))
        if old is not None:
            end_sessions(session, Ended(old.user_id, Why.SIGNED_OUT, only=old.id))
    secret, secret_hash = new_token()
    agent = (visitor.user_agent or "").replace("\0", "")[:500]
    row = UserSession(
        user_id=user.id,
        token_hash=secret_hash,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=settings.session_max_days),
        ip=visitor.ip[:45] if visitor.ip else None,
        user_agent=agent or None,
        proved_at=now,
        factor_due_on=factor_due_on,
    )
    session.add(row)
    # Whoever signs in for the first time has no other device that this one could be new beside.
    is_new = (
        user.last_sign_in_at is not None and known_browsers.recognize(settings, visitor.known, user) is None
    )
    user.last_sign_in_at = now
    session.flush()
    subject = subject_for(session, settings, user, opened=row)
    # From here on it is this person who acts, whoever the browser belonged to before.
    history.act_as(session, subject)
    details: dict[str, Any] = {"new_device": True, "browser": browser_name(row.user_agent)} if is_new else {}
    history.record(session, subject, Action.SESSION_OPENED, row.id, **details)
    return SignedIn(subject, secret, known_browsers.remember(settings, visitor.known, user))


@internal("finds out who is asking")
def subject_of(session: Session, settings: Settings, secret: str) -> Subject | None:
    """The person whose session this secret opens, or None. Notes the use, once a minute at most."""
    now = clock.now()
    today = clock.local(now, settings.zone).date()
    row = queries.live_session(session, hash_token(secret), now, _idle_since(settings, now), today)
    if row is None:
        return None
    school.seen(session, row.revision)
    if row.last_seen_at <= now - TOUCH_EVERY:
        queries.touch_session(session, row.id, now)
    return Subject(
        user_id=row.user_id,
        email=row.email,
        full_name=row.full_name,
        role=row.role,
        session_id=row.id,
        duties=duties.from_column(row.role, row.duties),
        chosen_purpose=_known_purpose(row.purpose),
        proved_at=row.proved_at,
        factor_due_on=row.factor_due_on,
    )


@internal("says who is asking")
def subject_for(
    session: Session,
    settings: Settings,
    user: User,
    *,
    opened: UserSession | None = None,
    token_id: int | None = None,
    scopes: frozenset[Permission] | None = None,
) -> Subject:
    """The account as the one who asks, with the duties in force today: a lost one needs no new sign-in."""
    return Subject(
        user_id=user.id,
        email=user.email,
        full_name=user.full_name,
        role=user.role,
        session_id=opened.id if opened else None,
        token_id=token_id,
        duties=duties.held_by_name(session, settings, user),
        scopes=scopes,
        chosen_purpose=_known_purpose(opened.purpose if opened else None),
        proved_at=opened.proved_at if opened else None,
        factor_due_on=opened.factor_due_on if opened else None,
    )


@internal("a step of what the person who is asking begins")
def hold_sign_in(session: Session, subject: Subject) -> None:
    """Keep what the person is signed in by from ending before this transaction does.

    What ends with a session finds whatever was begun in it, also in the same moment. To be called before other locks
    are taken. Raises Unauthorized when the session has just ended, or the account was deleted.
    """
    if not queries.hold_sign_in(session, subject.user_id, subject.session_id):
        raise Unauthorized("You were signed out. Sign in and open this again.")


def _known_purpose(kept: str | None) -> Purpose | None:
    """What a session keeps; one that a later release no longer offers counts as not chosen."""
    return Purpose(kept) if kept in frozenset(Purpose) else None


@internal("whom an entry of the history concerns")
def student_id_of(user: User) -> int | None:
    """Whom a change to this account concerns as a student; None for staff."""
    return user.id if user.role is Role.STUDENT else None


def sign_out(session: Session, subject: Subject) -> None:
    """End the session the person is in; a bearer token stays."""
    if subject.session_id is not None:
        end_sessions(session, Ended(subject.user_id, Why.SIGNED_OUT, only=subject.session_id))
        history.record(session, subject, Action.SESSION_CLOSED, subject.session_id)


def choose_purpose(session: Session, subject: Subject, purpose: Purpose) -> None:
    """Say what one looks at students' records for, from now on in this session. Raises Forbidden for students."""
    policy.require_purpose(subject)
    if subject.session_id is None or purpose is subject.purpose:
        return
    queries.set_purpose(session, subject.session_id, purpose)
    history.record(
        session,
        subject,
        Action.SESSION_PURPOSE_CHOSEN,
        subject.session_id,
        purpose=[subject.purpose or "", purpose.value],
    )


def list_sessions(session: Session, subject: Subject, settings: Settings) -> Sequence[UserSession]:
    """The person's own sessions that still work."""
    now = clock.now()
    return queries.live_sessions(session, subject.user_id, now, _idle_since(settings, now))


def sessions_of(
    session: Session, subject: Subject, settings: Settings, user_id: int
) -> tuple[User, Sequence[UserSession]]:
    """Another person, and where they are signed in. Raises NotFound unless one may see it."""
    user = policy.require_see_devices(subject, people.user(session, user_id))
    now = clock.now()
    return user, queries.live_sessions(session, user.id, now, _idle_since(settings, now))


def failed_attempts(
    session: Session, subject: Subject, settings: Settings, user_id: int
) -> Sequence[SignInAttempt]:
    """The latest failed attempts to sign in to one's own account, or to one whose sessions one may see."""
    user = policy.require_see_devices(subject, people.user(session, user_id))
    key = attempts.attempt_key(settings, user.email)
    with own_rows.beyond(session, "attempts are kept by a hash of the address alone"):
        return queries.failed_attempts(session, key, clock.now() - FAILURES_SHOWN)


def end_sessions_of(session: Session, subject: Subject, user_id: int, session_id: int | None = None) -> int:
    """End one or all of another person's sessions; how many. Raises Forbidden unless one keeps accounts, NotFound for
    a session that is not theirs."""
    policy.require_in_person(subject)
    user = policy.require_end_devices(subject, people.user(session, user_id))
    ended = end_sessions(session, Ended(user.id, Why.SIGNED_OUT, only=session_id))
    if not ended and session_id is not None:
        raise NotFound("There is no such session, or it has already ended.")
    history.record(
        session,
        subject,
        Action.SESSIONS_ENDED_FOR,
        user.id,
        student_id=student_id_of(user),
        sessions=ended,
    )
    return ended


def revoke_session(session: Session, subject: Subject, session_id: int) -> None:
    """End one of the person's own sessions. Raises NotFound for any other."""
    policy.require_in_person(subject)
    if not end_sessions(session, Ended(subject.user_id, Why.SIGNED_OUT, only=session_id)):
        raise NotFound("You have no such session, or it has already ended.")
    history.record(session, subject, Action.SESSION_REVOKED, session_id)


def revoke_other_sessions(session: Session, subject: Subject) -> int:
    """End all sessions of the person but the current one; how many there were."""
    policy.require_in_person(subject)
    ended = end_sessions(session, Ended(subject.user_id, Why.SIGNED_OUT, but=subject.session_id))
    history.record(session, subject, Action.SESSION_OTHERS_REVOKED, subject.user_id, sessions=ended)
    return ended


def _idle_since(settings: Settings, now: datetime) -> datetime:
    return now - timedelta(hours=settings.session_idle_hours)
