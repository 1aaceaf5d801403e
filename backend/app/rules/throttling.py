"""How long to wait before the next attempt to sign in.

NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row on one account; OWASP ASVS 5.0 6.3.1 asks for a defence
against guessing that an attacker cannot turn into a lock-out for good: the waits grow to an hour and no further, and
after the hundredth failure a new password by mail opens the account again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_FAILURES = 100

ADDRESS_WINDOW = timedelta(minutes=15)
ADDRESS_FAILURES = 60
"""A class behind one router mistypes a little; a guessing program does not stop at this."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A refusal to try: for how long, and whether only a new password helps."""

    seconds: int
    needs_new_password: bool = False


def account_wait(failures: int, last_failure: datetime | None, now: datetime) -> Wait | None:
    """The wait after `failures` in a row for one email address, the last at `last_failure`; None to go ahead."""
    if failures >= MOST_FAILURES:
        return Wait(int(LONGEST_WAIT.total_seconds()), needs_new_password=True)
    if failures < FREE_FAILURES or last_failure is None:
        return None
    doublings = min(failures - FREE_FAILURES, 20)
    return _until(last_failure + min(FIRST_WAIT * 2**doublings, LONGEST_WAIT), now)


def address_wait(recent_failures: Sequence[datetime], now: datetime) -> Wait | None:
    """The wait for a network address with these failures, oldest first, of any account."""
    counted = [moment for moment in recent_failures if moment > now - ADDRESS_WINDOW]
    if len(counted) < ADDRESS_FAILURES:
        return None
    return _until(counted[-ADDRESS_FAILURES] + ADDRESS_WINDOW, now)


def _until(moment: datetime, now: datetime) -> Wait | None:
    left = (moment - now).total_seconds()
    return None if left <= 0 else Wait(max(1, -int(-left // 1)))
