"""One's own second factors: passkeys, authenticator apps and recovery codes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.accounts.access.service import student_id_of
from app.accounts.factors import codes, passkeys, policy, queries
from app.accounts.factors.codes import Verdict
from app.accounts.people import queries as people
from app.core import clock, history, mail, proof
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.hash_key import hash_key
from app.core.permissions import Subject, internal
from app.core.sealing import SealedColumn, Unsealable, box
from app.db.models import Authenticator, Passkey, User
from app.school import service as school
from app.settings import Settings
from app.web.formats import local_time

MOST = 20
"""Passkeys, and authenticators, of one person."""
SETUP_LIFETIME = timedelta(minutes=15)
_SETUP, _KEPT = "authenticator setup", "authenticator key"
APP_KEYS = SealedColumn(
    "Keys of authenticator apps",
    Authenticator.sealed_key,
    Authenticator.id,
    _KEPT,
    "Codes of these apps are refused. Their owners sign in with a passkey or a recovery code and set the app up again; "
    "for who has neither: aada user reset-factors EMAIL",
)
NO_SUCH = "You have no such factor, or it has been removed already."
Kind = Literal["passkey", "authenticator"]


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person has, and from which day they need something; `must` while the policy asks."""

    passkeys: Sequence[Passkey]
    authenticators: Sequence[Authenticator]
    codes_left: int
    due_on: date | None

    @property
    def has_any(self) -> bool:
        return bool(self.passkeys or self.authenticators)


@dataclass(frozen=True, slots=True)
class Setup:
    """An authenticator that is being set up: the key to scan or type, and the key as the form keeps it."""

    key: str
    image: str
    sealed: str


def overview(session: Session, subject: Subject) -> Overview:
    """One's own factors."""
    user = _self(session, subject)
    return Overview(
        queries.passkeys(session, user.id),
        queries.authenticators(session, user.id),
        queries.codes_left(session, user.id),
        policy.due_on(session, user),
    )


# Passkeys


def begin_passkey(session: Session, subject: Subject, settings: Settings) -> dict[str, Any]:
    """What the browser needs to make a passkey. Raises ProofRequired, and Conflict for too many."""
    proof.require_recent(subject)
    user = _self(session, subject)
    known = queries.passkeys(session, user.id)
    _require_room(len(known), "passkeys")
    return passkeys.registration_options(session, settings, user, known)


def add_passkey(session: Session, subject: Subject, settings: Settings, name: str, answer: str) -> list[str]:
    """Keep the passkey that the browser has made. The recovery codes, if it is the person's first factor.

    Raises Invalid for an answer that is not valid, comes too late or from another address.
    """
    user = _self(session, subject, lock=True)
    _require_room(len(queries.passkeys(session, user.id)), "passkeys")
    first = not queries.has_factor(session, user.id)
    try:
        new = passkeys.registered(session, settings, user.id, answer)
    except passkeys.RefusedError as refused:
        raise Invalid(refused.sentence) from refused
    session.add(
        Passkey(
            user_id=user.id,
            name=name,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=new.transports,
        )
    )
    session.flush()
    return _added(session, subject, settings, user, "passkey", name, first=first)


def remove_passkey(session: Session, subject: Subject, passkey_id: int) -> None:
    """Remove one of one's own passkeys. Raises NotFound, and Conflict for the last factor of who needs one."""
    user = _self(session, subject, lock=True)
    found = next((one for one in queries.passkeys(session, user.id) if one.id == passkey_id), None)
    if found is None:
        raise NotFound(NO_SUCH)
    _remove(session, subject, user, found, "passkey", found.name)


# Authenticators


def begin_authenticator(
    session: Session, subject: Subject, settings: Settings, sealed: str | None = None
) -> Setup:
    """A new key to scan, or with `sealed` the one that was shown before. Nothing is kept until a code confirms it."""
    proof.require_recent(subject)
    user = _self(session, subject)
    _require_room(len(queries.authenticators(session, user.id)), "authenticator apps")
    key = _unseal_setup(settings, user, sealed) if sealed else None
    if key is None:
        key = codes.new_key()
        sealed = box(settings, _SETUP).seal(json.dumps([user.id, key]))
    address = codes.address_of(key, user.email, school.facts(session).short_name)
    return Setup(codes.spaced(key), codes.qr_code(address), sealed or "")


def add_authenticator(
    session: Session, subject: Subject, settings: Settings, name: str, sealed: str, code: str
) -> list[str]:
    """Keep the authenticator whose code shows that it has the key. Recovery codes, if it is the first factor.

    The code is used up. Raises Invalid for a code that is not right, and for a key that was shown too long ago;
    Conflict for a key that was added already: a second row would take each code a second time.
    """
    user = _self(session, subject, lock=True)
    key = _unseal_setup(settings, user, sealed)
    if key is None:
        sentence = (
            "This key was shown more than 15 minutes ago. Remove it from the app, and scan the new one below."
        )
        raise Invalid(sentence, errors=[FieldError("code", sentence)])
    known = queries.authenticators(session, user.id)
    _require_room(len(known), "authenticator apps")
    if any(key_of(settings, one) == key for one in known):
        raise Conflict("This app was added already. Nothing was changed.")
    checked = codes.check(key, codes.tidy(code), 0, clock.now())
    if checked.verdict is not Verdict.GOOD:
        sentence = (
            "This code does not fit the key. Enter the six digits that the app shows now; if they are refused "
            "again, set the clock of your phone to automatic."
        )
        raise Invalid(sentence, errors=[FieldError("code", sentence)])
    first = not queries.has_factor(session, user.id)
    kept = box(settings, _KEPT).seal(key)
    session.add(Authenticator(user_id=user.id, name=name, sealed_key=kept, last_step=checked.step))
    session.flush()
    return _added(session, subject, settings, user, "authenticator", name, first=first)


def remove_authenticator(session: Session, subject: Subject, authenticator_id: int) -> None:
    """Remove one of one's own authenticators. Raises as `remove_passkey` does."""
    user = _self(session, subject, lock=True)
    found = next(
        (one for one in queries.authenticators(session, user.id) if one.id == authenticator_id), None
    )
    if found is None:
        raise NotFound(NO_SUCH)
    _remove(session, subject, user, found, "authenticator", found.name)


@internal("reads a key for the step that checks a code")
def key_of(settings: Settings, authenticator: Authenticator) -> str | None:
    """The key of an authenticator; None when it was sealed under another SECRET_KEY."""
    try:
        return box(settings, _KEPT).open(authenticator.sealed_key).decode()
    except Unsealable:
        return None


# Recovery codes


def renew_codes(session: Session, subject: Subject, settings: Settings) -> list[str]:
    """Ten new recovery codes, to be shown this once; the earlier ones stop working."""
    user = _self(session, subject, lock=True)
    if not queries.has_factor(session, user.id):
        raise Conflict("Recovery codes stand in for a lost second factor. Set up a passkey or an app first.")
    return _new_codes(session, subject, settings, user)


def _new_codes(session: Session, subject: Subject, settings: Settings, user: User) -> list[str]:
    made = [codes.new_recovery_code() for _ in range(codes.RECOVERY_CODES)]
    secret = hash_key(session)
    queries.replace_codes(
        session, user.id, [codes.recovery_hash(secret, user.id, one) for one in made], clock.now()
    )
    history.record(
        session, subject, Action.RECOVERY_CODES_MADE, user.id, student_id=student_id_of(user), count=len(made)
    )
    return made


# Steps


def _require_room(count: int, what: str) -> None:
    if count >= MOST:
        raise Conflict(f"You have {MOST} {what}. Remove one that you no longer use first.")


def _added(
    session: Session, subject: Subject, settings: Settings, user: User, kind: Kind, name: str, *, first: bool
) -> list[str]:
    history.record(
        session, subject, Action.FACTOR_ADDED, user.id, student_id=student_id_of(user), kind=kind, name=name
    )
    queries.set_due(session, user.id, None)
    return _new_codes(session, subject, settings, user) if first else []


def _remove(
    session: Session, subject: Subject, user: User, row: Passkey | Authenticator, kind: Kind, name: str
) -> None:
    session.delete(row)
    session.flush()
    if not queries.has_factor(session, user.id):
        if policy.due_on(session, user) is not None:
            raise Conflict(
                "This is your last second factor, and the school’s policy asks staff for one. Add another passkey "
                "or app first, then remove this one. Nothing was changed."
            )
        queries.replace_codes(session, user.id, [], clock.now())
    history.record(
        session, subject, Action.FACTOR_REMOVED, user.id, student_id=student_id_of(user), kind=kind, name=name
    )


def _self(session: Session, subject: Subject, *, lock: bool = False) -> User:
    user = people.user(session, subject.user_id, lock=lock)
    if user is None or user.deleted_at is not None:
        raise NotFound("This account no longer exists.")
    return user


def _unseal_setup(settings: Settings, user: User, sealed: str) -> str | None:
    try:
        opened = box(settings, _SETUP).open(sealed, ttl_seconds=int(SETUP_LIFETIME.total_seconds()))
    except Unsealable:
        return None
    user_id, key = json.loads(opened)
    return str(key) if user_id == user.id else None


# What follows


@internal("follows from an entry of the history, which says what happened")
def send_change(session: Session, user_id: int, action: str, details: dict[str, Any], at: Any) -> None:
    """Mail a person what happened to their second factors; nothing for an account that is gone."""
    user = people.user(session, user_id)
    if user is None or user.deleted_at is not None:
        return
    known = school.facts(session)
    mail.send(
        session,
        user.email,
        "factor_changed",
        school=known.legal_name,
        name=user.full_name,
        action=action,
        details=details,
        when=local_time(at, known.zone),
    )
