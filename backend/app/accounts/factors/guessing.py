"""How often codes may be tried. Only who knows the password, or is signed in, comes this far."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import limits
from app.core.errors import TooManyRequests
from app.core.limits import Claim, Limit
from app.db.models import User

CODES = Limit(
    "codes of a person",
    5,
    timedelta(minutes=30),
    "Too many wrong codes. Wait {wait} and try again, or use a passkey.",
)
"""Some 240 guesses a day, at three codes in a million: a year of them, each on record, would find one with a chance of
one in four."""


def take_turn(session: Session, user: User) -> TooManyRequests | None:
    """Count one attempt, as wrong until it proves otherwise; the wait when there were too many.

    Attempts for one person go one after another, so that two at once cannot both use a code or slip under the limit.
    """
    wait = limits.take(session, [_claim(user)])
    return None if wait is None else wait.problem()


def succeeded(session: Session, user: User) -> None:
    """The code was right, and is not counted."""
    limits.give_back(session, [_claim(user)])


def _claim(user: User) -> Claim:
    return CODES, str(user.id)
