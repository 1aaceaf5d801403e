"""How often codes may be tried. Only who knows the password, or is signed in, comes this far."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts.access import queries
from app.accounts.access.service import attempt_key
from app.core import clock
from app.core.errors import TooManyRequests
from app.db.models import User
from app.rules import throttling
from app.settings import Settings

LONGEST_WAIT = timedelta(minutes=15)


def take_turn(session: Session, settings: Settings, user: User) -> int | TooManyRequests:
    """Put an attempt on record as a failure until it proves otherwise; its number, or the wait.

    Attempts for one person go one after another, so that two at once cannot both use a code or slip under the limit.
    """
    now = clock.now()
    key = attempt_key(settings, f"code of {user.id}")
    queries.wait_for_turn(session, key)
    failures, last = queries.failures_in_a_row(session, key)
    wait = throttling.account_wait(min(failures, throttling.MOST_FAILURES - 1), last, now)
    if wait is None or last is None or now - last >= LONGEST_WAIT:
        return queries.add_attempt(session, key, None, now)
    seconds = min(wait.seconds, int((last + LONGEST_WAIT - now).total_seconds()) + 1)
    minutes = -(-seconds // 60)
    length = f"{seconds} seconds" if seconds < 60 else f"{minutes} minute{'s' if minutes > 1 else ''}"
    return TooManyRequests(
        f"Too many wrong codes. Wait {length} and try again, or use a passkey.",
        headers={"Retry-After": str(seconds)},
    )


def succeeded(session: Session, attempt: int) -> None:
    """The code was right."""
    queries.mark_succeeded(session, attempt)
