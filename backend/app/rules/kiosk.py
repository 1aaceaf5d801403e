"""Punches at a kiosk: which moment one is for, whether that moment is believed, and which PINs are too easy.

A tablet's clock is wrong by some seconds or minutes, and may be set while nobody looks. At each contact the tablet
measures how far its clock is from the server's (after RFC 5905: the mean of both ways), and each punch carries what was
last measured. The time that counts is the tablet's with that difference. What cannot be believed counts nothing: it
waits for the staff, who ask for a correction.
"""

import itertools
from datetime import UTC, datetime, timedelta
from enum import StrEnum

PIN_DIGITS = 6
LATEST_MS = 4_102_444_800_000
TOLERANCE = timedelta(minutes=2)
SEEN_WITHIN = timedelta(seconds=8)
"""How long a tablet waits for an answer before it shows that the punch is saved: what is refused later nobody reads."""
"""What clocks may differ by, and a request may take, without anybody having to look."""


class Doubt(StrEnum):
    """Why the moment of a punch is not believed."""

    FUTURE = "future"
    OLD = "old"
    CLOCK_CHANGED = "clock_changed"
    BACKWARD = "backward"


def moment_of(made_ms: int, offset_ms: int) -> datetime:
    """The moment that a punch is for, in UTC: the tablet's clock in milliseconds since 1970, and what the server's was
    ahead of it. Moments before 1970 and after 2100 are those years' edge: nothing believes them in any case."""
    return datetime.fromtimestamp(min(max(made_ms + offset_ms, 0), LATEST_MS) / 1000, UTC)


def doubt(
    moment: datetime,
    received: datetime,
    *,
    offset_ms: int,
    measured_ms: int,
    latest: datetime | None,
    oldest: timedelta,
) -> Doubt | None:
    """Why the moment of a punch cannot be believed; None where it can.

    `measured_ms` is what the server is ahead of the tablet when the punch arrives, `latest` the moment of the tablet's
    last punch that was believed, `oldest` how long the tablet may have kept it.
    """
    if moment > received + TOLERANCE:
        return Doubt.FUTURE
    if received - moment > oldest:
        return Doubt.OLD
    if abs(measured_ms - offset_ms) > TOLERANCE / timedelta(milliseconds=1):
        return Doubt.CLOCK_CHANGED
    if latest is not None and moment < latest - TOLERANCE:
        return Doubt.BACKWARD
    return None


def is_weak_pin(pin: str) -> bool:
    """Whether others would try this PIN first: one digit, a short pattern again and again, or digits in a row."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return True
    half = len(pin) // 2
    return any(pin == pin[:size] * (len(pin) // size) for size in range(1, half + 1) if len(pin) % size == 0)
