"""Browsers that have signed in before: each keeps a signed cookie of its own, which outlives the session.

It opens nothing. It says that an attempt to sign in comes from a browser that its owner has signed in with, so that
the guesses of strangers do not slow it down (OWASP, *Slow down online guessing attacks with device cookies*). An entry
is signed together with the password's hash: a new password makes strangers of all browsers but the one that set it,
and with them of whoever had the old one. One cookie holds several people, because a classroom shares its computers.
"""

import secrets
from datetime import timedelta

from app.core import clock
from app.core.sealing import is_signed, sign
from app.db.models import User
from app.settings import Settings

KEPT_FOR = timedelta(days=365)
MOST = 6
"""People whom one browser remembers, the latest first."""
_LONGEST = 1000
_PURPOSE = "known browser"
_PARTS = 4


def recognize(settings: Settings, cookie: str | None, user: User) -> str | None:
    """What this browser is called among those that have signed in as this person; None for a stranger."""
    today = clock.now().date()
    for entry in _entries(cookie):
        user_id, day, name, signature = entry.split(".")
        # Other digits than ASCII's count as digits too, and not all of them are numbers.
        if user_id != str(user.id) or not entry.isascii() or not day.isdigit():
            continue
        age = today.toordinal() - int(day)
        genuine = is_signed(settings, _PURPOSE, _signed(user, day, name), signature)
        if genuine and 0 <= age <= KEPT_FOR.days:
            return name
    return None


def remember(settings: Settings, cookie: str | None, user: User) -> str:
    """The cookie of a browser in which this person has just signed in, under a new name."""
    day, name = str(clock.now().date().toordinal()), secrets.token_urlsafe(9)
    mine = f"{user.id}.{day}.{name}.{sign(settings, _PURPOSE, _signed(user, day, name))}"
    others = [entry for entry in _entries(cookie) if entry.split(".")[0] != str(user.id)]
    return "~".join([mine, *others][:MOST])


def _entries(cookie: str | None) -> list[str]:
    if not cookie or len(cookie) > _LONGEST:
        return []
    return [entry for entry in cookie.split("~") if entry.count(".") == _PARTS - 1]


def _signed(user: User, day: str, name: str) -> str:
    return f"{user.id}.{day}.{name}\0{user.hashed_password}"
