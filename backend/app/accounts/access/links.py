"""Passwords: one-time links to set one, and changing one's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from app.accounts import passwords, policy
from app.accounts.access import attempts, queries
from app.accounts.access.attempts import Visitor, fold_email
from app.accounts.access.service import student_id_of, subject_for
from app.accounts.access.session_ends import Ended, Why, end_sessions
from app.accounts.tokens import queries as tokens
from app.core import clock, history, limits, mail
from app.core.actions import Action
from app.core.errors import FieldError, Invalid, NotFound, Problem
from app.core.permissions import Actor, Subject, internal
from app.core.tokens import hash_token, new_token
from app.db.models import AccountLink, User
from app.school import service as school
from app.settings import Settings, get_settings
from app.web.formats import local_time

T = TypeVar("T")

INVITE, RESET = "invite", "reset"
_MADE = {INVITE: Action.ACCOUNT_LINK_INVITE_MADE, RESET: Action.ACCOUNT_LINK_RESET_MADE}
LIFETIMES = {INVITE: timedelta(days=7), RESET: timedelta(hours=1)}
RESETS_AN_HOUR = 5
GONE = (
    "This link has been used, has expired or was replaced by a newer one. Request a new link below; for "
    "a first invitation, ask the school’s office."
)


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What the page behind a link shows."""

    full_name: str
    email: str
    purpose: str


def make_link(
    session: Session, settings: Settings, user: User, purpose: str, by: Actor | None
) -> tuple[str, AccountLink]:
    """A new one-time link to set a password, as an address to open; earlier ones of the purpose stop working."""
    now = clock.now()
    queries.close_links(session, user.id, now, purpose)
    clear, hashed = new_token()
    link = AccountLink(
        user_id=user.id,
        purpose=purpose,
        token_hash=hashed,
        created_by=by.user_id if by else None,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    session.add(link)
    session.flush()
    history.record(
        session, by, _MADE[purpose], user.id, student_id=student_id_of(user), expires_at=link.expires_at
    )
    return f"{settings.app_origin}/set-password/{clear}", link


def invite(session: Session, settings: Settings, user: User, by: Actor | None) -> str:
    """Make an invitation, mail it, and return it."""
    return _mail_link(session, settings, user, INVITE, by)


def invite_all(session: Session, settings: Settings, users: Sequence[User], by: Actor) -> None:
    """Make and mail the invitations of many new people at once. Nobody has one yet, so none is closed."""
    known = school.facts(session)
    now = clock.now()
    expires_at = now + LIFETIMES[INVITE]
    requested_by = by.user_id if isinstance(by, Subject) else None
    secrets = [new_token() for _ in users]
    queries.add_links(
        session,
        [
            {
                "user_id": user.id,
                "purpose": INVITE,
                "token_hash": hashed,
                "created_by": by.user_id,
                "created_at": now,
                "expires_at": expires_at,
            }
            for user, (_clear, hashed) in zip(users, secrets, strict=True)
        ],
    )
    history.record_all(
        session,
        by,
        _MADE[INVITE],
        (
            {"target_id": user.id, "student_id": student_id_of(user), "expires_at": expires_at}
            for user in users
        ),
    )
    shared = {
        "school": known.legal_name,
        "by": by.full_name if isinstance(by, Subject) else None,
        "expires": local_time(expires_at, known.zone),
    }
    letters = (
        mail.Letter(
            user.email,
            {**shared, "name": user.full_name},
            f"{settings.app_origin}/set-password/{clear}",
            expires_at,
        )
        for user, (clear, _hashed) in zip(users, secrets, strict=True)
    )
    mail.send_all(session, "invitation", letters, requested_by=requested_by)


def reset(session: Session, settings: Settings, user: User, by: Actor | None) -> str:
    """Make a link to set a new password, mail it, and return it. Whoever asked for another person does not see it."""
    return _mail_link(session, settings, user, RESET, by)


def _mail_link(session: Session, settings: Settings, user: User, purpose: str, by: Actor | None) -> str:
    address, link = make_link(session, settings, user, purpose, by)
    known = school.facts(session)
    mail.send(
        session,
        user.email,
        "invitation" if purpose == INVITE else "password_reset",
        link=address,
        link_expires_at=link.expires_at,
        requested_by=by.user_id if isinstance(by, Subject) else None,
        school=known.legal_name,
        name=user.full_name,
        by=by.full_name if isinstance(by, Subject) else None,
        expires=local_time(link.expires_at, known.zone),
    )
    return address


def send_reset(session: Session, settings: Settings, email: str) -> None:
    """What the job behind /forgot does: mail a link if the address has an account, otherwise nothing."""
    user = queries.user_by_email(session, fold_email(email))
    if user is None or user.deleted_at is not None or user.hashed_password == passwords.APPLICANT:
        return
    since = clock.now() - timedelta(hours=1)
    if queries.links_since(session, user.id, RESET, since) < RESETS_AN_HOUR:
        reset(session, settings, user, None)


def look_at(session: Session, clear: str) -> OpenLink | None:
    """What a link is for, without using it up; None when it no longer works or never did."""
    found = queries.link_with_owner(session, hash_token(clear))
    if found is None or found[0].used_at is not None or found[0].expires_at <= clock.now():
        return None
    link, user = found
    return OpenLink(user.full_name, user.email, link.purpose)


def set_password(
    session: Session,
    settings: Settings,
    clear: str,
    password: str,
    visitor: Visitor,
    then: Callable[[Session, User], T],
) -> T:
    """Use a link: set the password, end all sessions, and do `then` with the account.

    Raises NotFound when the link no longer works, Invalid when the password is refused; the link then still works.
    """
    found = queries.link_with_owner(session, hash_token(clear))
    if found is None or look_at(session, clear) is None:
        raise NotFound(GONE)
    link, owner = found
    passwords.check_new(session, password, owner.full_name, owner.email)
    hashed = passwords.hash_password(settings, password)
    user = queries.active_user(session, owner.id)
    now = clock.now()
    # Two requests with one link meet here; the second finds it used.
    if user is None or not queries.use_link(session, link.id, now):
        raise NotFound(GONE)
    queries.close_links(session, user.id, now)
    had_one = user.hashed_password != passwords.NO_PASSWORD
    owner_of_link = subject_for(session, settings, user)
    history.act_as(session, owner_of_link)
    _put_password(session, settings, user, hashed, owner_of_link, notify=had_one, ip=visitor.ip)
    return then(session, user)


def change_password(session: Session, settings: Settings, subject: Subject, password: str) -> None:
    """Give oneself another password; `confirm` has checked the present one. All other sessions end."""
    policy.require_in_person(subject)
    user = queries.active_user(session, subject.user_id)
    if user is None:
        raise NotFound("This account no longer exists.")
    passwords.check_new(session, password, user.full_name, user.email, field="new_password")
    if passwords.verify(settings, password, user.hashed_password):
        sentence = "This is already your password. Choose a different one."
        raise Invalid(sentence, errors=[FieldError("new_password", sentence)])
    hashed = passwords.hash_password(settings, password)
    queries.close_links(session, user.id, clock.now())
    _put_password(session, settings, user, hashed, subject, notify=True)


def confirm(session: Session, settings: Settings, subject: Subject, password: str) -> Problem | None:
    """Check the present password of somebody signed in.

    The problem comes back and is not raised: the attempt is counted in the request's own transaction, which a raised
    error would undo.
    """
    claim = attempts.confirming(subject)
    wait = limits.take(session, [claim])
    if wait is not None:
        return wait.problem()
    user = queries.active_user(session, subject.user_id)
    if user is None or not passwords.verify(settings, password, user.hashed_password):
        sentence = "This is not your current password."
        return Invalid(sentence, errors=[FieldError("current_password", sentence)])
    limits.give_back(session, [claim])
    return None


def _put_password(
    session: Session,
    settings: Settings,
    user: User,
    hashed: str,
    by: Subject,
    *,
    notify: bool,
    ip: str | None = None,
) -> None:
    now = clock.now()
    user.hashed_password = hashed
    ended = end_sessions(session, Ended(user.id, Why.PASSWORD_CHANGED, but=by.session_id))
    # Whoever had the old password may have made tokens with it.
    tokens_ended = tokens.revoke_tokens(session, user.id, now)
    attempts.forgive(session, settings, user, ip)
    history.record(
        session,
        by,
        Action.USER_PASSWORD_SET,
        user.id,
        student_id=student_id_of(user),
        sessions_ended=ended,
        tokens_ended=len(tokens_ended),
        notify=notify,
    )


@internal("follows from an entry of the history, which says that the password was set")
def send_password_changed(session: Session, user_id: int, at: datetime) -> None:
    """Mail the person that the password of their account was changed; nothing for an account that is gone."""
    user = queries.active_user(session, user_id)
    if user is None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    mail.send(
        session,
        user.email,
        "password_changed",
        school=known.legal_name,
        name=user.full_name,
        changed=local_time(at, known.zone),
        forgot=f"{settings.app_origin}/forgot",
    )
