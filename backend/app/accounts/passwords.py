"""Hashing and checking passwords with bcrypt; always the same work for a wrong answer."""

from functools import lru_cache

import bcrypt
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import internal
from app.rules import passwords as rule
from app.school import service as school
from app.settings import Settings

NO_PASSWORD = "!"  # noqa: S105 - the mark of an account whose owner has not set a password yet
PIN_ROUNDS = 10
"""bcrypt's cost for PINs: hundreds are checked at once when a kiosk has been offline for a day."""
APPLICANT = "!applicant"
"""The mark of an applicant's account: no password matches it, and no link is made before they are accepted."""


def check_new(session: Session, password: str, *personal: str, field: str = "password") -> None:
    """Raise Invalid with the reason when the rule refuses this password, by the password policy of today."""
    known = school.facts(session)
    found = school.policies.at(session, school.PolicyKind.PASSWORD, clock.today(known.zone))
    refusal = rule.refuse(
        password,
        (*personal, known.legal_name, known.short_name),
        minimum_characters=found.values.minimum_characters,
        maximum_bytes=found.values.maximum_bytes,
    )
    if refusal is not None:
        raise Invalid(refusal.sentence, errors=[FieldError(field, refusal.sentence)])
    school.policies.used(session, found)


def fewest_characters(session: Session) -> int:
    """How many characters a new password needs today, for the form to say."""
    known = school.facts(session)
    found = school.policies.at(session, school.PolicyKind.PASSWORD, clock.today(known.zone))
    return found.values.minimum_characters


def hash_password(settings: Settings, password: str) -> str:
    """The bcrypt hash to keep, of the whole password. The rule has accepted the password before."""
    return _hasher(settings.bcrypt_rounds).hash(rule.normalize(password))


@internal("a step of whoever keeps a PIN")
def hash_pin(settings: Settings, pin: str) -> str:
    """The bcrypt hash of a PIN. Whoever keeps it seals it: no cost makes a few digits hard to try through."""
    return _hasher(min(settings.bcrypt_rounds, PIN_ROUNDS)).hash(pin)


@internal("a step of whoever keeps a PIN")
def is_pin(pin: str, stored: str) -> bool:
    """Whether the PIN is the one behind a hash of `hash_pin`."""
    return _hasher(_cost(stored)).verify(pin, stored)


def verify(settings: Settings, password: str, stored: str | None) -> bool:
    """Whether the password is the one behind `stored`.

    Whatever `stored` is (no account, no password yet, a hash of a lower cost) and however long the password is, a
    refusal takes the work of one hash at the present cost: the time gives nothing away about the account.
    """
    hasher = _hasher(settings.bcrypt_rounds)
    known = stored is not None and hasher.identify(stored)
    fits = rule.storable(password)
    text = rule.normalize(password) if fits else "x"
    cost = _cost(stored) if stored is not None and known else settings.bcrypt_rounds
    matches = hasher.verify(text, stored if stored is not None and known else _nobodys_hash(cost))
    if matches and known and fits:
        return True
    # 2^c + 2^c + 2^(c+1) + ... + 2^(n-1) = 2^n: fills up a cheaper hash to the present cost exactly.
    for rounds in range(cost, settings.bcrypt_rounds):
        hasher.verify(text, _nobodys_hash(rounds))
    return False


def needs_rehash(settings: Settings, stored: str) -> bool:
    """Whether the hash was made at a lower cost than today's."""
    return _cost(stored) < settings.bcrypt_rounds


def _cost(stored: str) -> int:
    return int(stored.split("$")[2])


@lru_cache
def _hasher(rounds: int) -> BcryptHasher:
    return BcryptHasher(rounds=rounds)


@lru_cache
def _nobodys_hash(rounds: int) -> str:
    """A well-formed hash that is nobody's, of the given cost."""
    return bcrypt.gensalt(rounds).decode() + "." * 31
