"""Attempts to prove a password: how many are taken from whom.

Who guesses at an account slows strangers down, and nobody else. A browser in which its owner has signed in before has a
count of its own, a passkey needs no password, and a link by mail opens the account at any time. Strangers are counted
by account, by account and network address, and by network address: one machine uses up what it has of an account long
before it uses up what all strangers have together. There is no number of failures after which only the
administration could help: whoever knows an address could bring that about on purpose
(docs/decisions/0019-limits-that-lock-nobody-out.md).
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts.access import known_browsers, queries
from app.core import clock, limits
from app.core.limits import Claim, Limit, network_of
from app.core.permissions import Subject, internal
from app.core.tokens import keyed_hash
from app.db.models import User
from app.settings import Settings

_OTHER_WAYS = (
    "Wait {wait} and try again, use a passkey or a browser you have signed in with before, or reset your "
    "password by email."
)
STRANGERS = Limit(
    "password of an account",
    20,
    timedelta(hours=1),
    f"Too many wrong passwords for this account from browsers it does not know. {_OTHER_WAYS}",
)
"""All browsers together in which the person has not signed in before."""
ONE_STRANGER = Limit(
    "password of an account from an address",
    5,
    timedelta(minutes=30),
    f"Too many wrong passwords. {_OTHER_WAYS}",
)
ADDRESS = Limit(
    "passwords from an address",
    60,
    timedelta(minutes=15),
    f"Too many wrong passwords from your network. {_OTHER_WAYS}",
)
"""A class behind one router mistypes a little; a guessing program does not stop at this."""
KNOWN_BROWSER = Limit(
    "password in a known browser",
    10,
    timedelta(minutes=15),
    "Too many wrong passwords. Wait {wait} and try again, or reset your password by email.",
)
SIGNED_IN = Limit(
    "password of somebody signed in",
    10,
    timedelta(minutes=15),
    "Too many wrong passwords. Nothing was changed. Wait {wait} and try again.",
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from: network address, the browser's name for itself, the session it had before, and the
    cookie that says who has signed in with it (`known_browsers`)."""

    ip: str | None = None
    user_agent: str | None = None
    old_secret: str | None = None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was taken: its row, what it was counted by, and whether the browser was known."""

    id: int
    claims: tuple[Claim, ...]
    from_known_browser: bool


@internal("tidies a text")
def fold_email(email: str) -> str:
    """An address as accounts keep it."""
    return email.strip().lower()


@internal("computes a hash")
def attempt_key(settings: Settings, email: str) -> str:
    """What the record of attempts knows of an address: a hash that only this installation can make."""
    return keyed_hash(settings.secret_key.get_secret_value(), "sign-in attempt", fold_email(email))


@internal("a step of signing in")
def begin(session: Session, settings: Settings, email: str, visitor: Visitor, user: User | None) -> Attempt:
    """Put an attempt at this address on record, as a failure until it proves otherwise. `user` has the address.

    Counting is exact, so that a burst cannot slip under a limit: call it in a short transaction. Raises
    TooManyRequests, with Retry-After in seconds; the refused attempt itself is not counted.
    """
    key, network = attempt_key(settings, email), network_of(visitor.ip)
    name = None if user is None else known_browsers.recognize(settings, visitor.known, user)
    if user is not None and name is not None:
        claims: list[Claim] = [(KNOWN_BROWSER, f"{user.id} {name}")]
    else:
        claims = [(STRANGERS, key)]
        if network is not None:
            claims += [(ONE_STRANGER, f"{key} {network}"), (ADDRESS, network)]
    wait = limits.take(session, claims)
    if wait is not None:
        raise wait.problem()
    return Attempt(queries.add_attempt(session, key, network, clock.now()), tuple(claims), name is not None)


@internal("a step of signing in")
def succeeded(session: Session, attempt: Attempt) -> None:
    """The attempt let the person in: it was no guess, and is not counted."""
    queries.mark_succeeded(session, attempt.id)
    limits.give_back(session, attempt.claims)


@internal("a step of setting a password")
def forgive(session: Session, settings: Settings, user: User, ip: str | None = None) -> None:
    """The account has a new password: guesses at the old one slow nobody down any more, nor does what the person
    tried at this address."""
    key = attempt_key(settings, user.email)
    limits.forget(session, [(STRANGERS, key), (ONE_STRANGER, f"{key} {network_of(ip)}")])


@internal("a step of confirming one's password")
def confirming(subject: Subject) -> Claim:
    """What proving one's password again is counted by: the browser one is signed in with, so that nobody else's
    guesses count."""
    return SIGNED_IN, f"{subject.user_id} {subject.session_id}"
