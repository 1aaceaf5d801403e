"""Externships: when a site may take hours, how many students fit, and which hours can be logged.

GNPEC asks for a signed agreement with each site, a site outside the school, somebody to oversee the student who is not
an instructor of the school, and a check-off list of skills with a way to grade it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.rules.days import long_date
from app.rules.hours import minutes_between

LONGEST: Final = timedelta(hours=24)
SOON: Final = timedelta(days=60)
"""A new agreement takes weeks to be signed."""
RATINGS: Final = {
    1: "Not yet",
    2: "With help",
    3: "On their own",
    4: "Ready for work",
}
"""The scale of an evaluation, the same for every skill."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A signed agreement: it counts from `signed_on` to `expires_on`, both included, or to where it `ended_on`."""

    signed_on: date
    expires_on: date
    ended_on: date | None = None

    @property
    def last(self) -> date:
        """The last day on which it counts."""
        return self.expires_on if self.ended_on is None else min(self.expires_on, self.ended_on)

    def covers(self, day: date) -> bool:
        return self.signed_on <= day <= self.last


def site_standing(agreements: Iterable[Agreement], today: date) -> str:
    """`unapproved` (no agreement has begun), `expired`, `expiring` (within 60 days, without a next one) or
    `approved`."""
    begun = [one for one in agreements if one.signed_on <= today]
    if not begun:
        return "unapproved"
    last = max(one.last for one in begun)
    if last < today:
        return "expired"
    return "expiring" if last - today <= SOON else "approved"


def covered_until(agreements: Iterable[Agreement], first: date) -> date | None:
    """The last day up to which agreements cover every day from `first` on; None when `first` is not covered."""
    until = None
    day = first
    for one in sorted(agreements, key=lambda one: one.signed_on):
        if one.covers(day) and (until is None or one.last > until):
            until, day = one.last, one.last + timedelta(days=1)
    return until


def most_at_once(placements: Iterable[tuple[date, date]], first: date, last: date) -> int:
    """The most placements on any day from `first` to `last`; each is a pair of its first and last day."""
    held = [
        (max(first, start), min(last, end)) for start, end in placements if start <= last and end >= first
    ]
    return max((sum(start <= day <= end for start, end in held) for day, _ in held), default=0)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why hours cannot be logged: the field at fault and a sentence."""

    field: str
    sentence: str


def fault_of_hours(
    starts: datetime,
    ends: datetime,
    break_minutes: int,
    *,
    day: date,
    first: date,
    last: date,
    now: datetime,
) -> Fault | None:
    """What is wrong with a day's hours, aware instants, in a placement from `first` to `last`; None for nothing."""
    if not first <= day <= last:
        return Fault(
            "day",
            f"Your placement runs from {long_date(first)} to {long_date(last)}. Hours outside it do not count; "
            "if the dates are wrong, ask the school.",
        )
    if starts > now:
        return Fault("starts_at", "These hours are in the future. Log them when the day is over.")
    if ends <= starts:
        return Fault(
            "ends_at",
            "The end is not after the start. If you worked past midnight, check the box below the end.",
        )
    if ends - starts > LONGEST:
        return Fault("ends_at", "This is more than 24 hours. Check the times.")
    if ends > now:
        return Fault("ends_at", "The end is in the future. Log the hours when the day is over.")
    if break_minutes >= minutes_between(starts, ends):
        return Fault(
            "break_minutes", "The break is as long as the day. Enter the minutes of the break alone."
        )
    return None


def short_name(full_name: str) -> str:
    """`Ana A.` of `Ana Alvarez`: enough for a supervisor who works with them, and no more."""
    words = full_name.split()
    return words[0] if len(words) < 2 else f"{words[0]} {words[-1][0]}."
