"""Leaves of absence: which days one covers, and how many a student may take.

No Georgia rule seen sets a limit. The default is the convention of Title IV schools (34 CFR 668.22(d)): all leaves
together last at most 180 days in any 12 months, and who does not return is withdrawn. The school's dated policy sets
both numbers.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leave:
    """The days from `starts_on` up to, and without, `ends_on`: the day on which the student is back."""

    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        """Calendar days; none for a leave that ended before it began."""
        return max(0, (self.ends_on - self.starts_on).days)

    def covers(self, day: date) -> bool:
        """Whether a day belongs to the leave."""
        return self.starts_on <= day < self.ends_on


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many days of leave in any window of so many months."""

    days: int
    months: int


def excused(starts_on: date, return_on: date, returned_on: date | None) -> Leave:
    """The days that a leave covers: up to the return, and never past the day on which it was due.

    Who comes back late was absent in between, unless the leave was extended.
    """
    return Leave(starts_on, return_on if returned_on is None else min(returned_on, return_on))


def days_before(leaves: Iterable[Leave], day: date) -> int:
    """How many days of these leaves are over on a day; leaves of one enrollment share none."""
    return sum(Leave(one.starts_on, min(one.ends_on, day)).days for one in leaves)


def after_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def most_days(leaves: Iterable[Leave], months: int) -> int:
    """The most days of leave in any window of so many months. A day that two leaves share counts once."""
    days = sorted({one.starts_on + index * _DAY for one in leaves for index in range(one.days)})
    most = last = 0
    for first, day in enumerate(days):
        end = after_months(day, months)
        while last < len(days) and days[last] < end:
            last += 1
        most = max(most, last - first)
    return most


def why_not(wanted: Leave, others: Iterable[Leave], limit: Limit) -> str | None:
    """The sentence that refuses these days, None when nothing speaks against them."""
    if wanted.days < 1:
        return "The expected return must be after the first day of the leave."
    taken = list(others)
    if any(one.days and one.starts_on < wanted.ends_on and wanted.starts_on < one.ends_on for one in taken):
        return "Another leave of absence covers some of these days already."
    if wanted.days > limit.days:
        return (
            f"The leave would last {wanted.days:,} days. The school’s policy allows {limit.days:,} days in "
            f"{limit.months} months."
        )
    most = most_days([*taken, wanted], limit.months)
    if most > limit.days:
        return (
            f"With the student’s other leaves this would make {most:,} days within {limit.months} months. The school’s "
            f"policy allows {limit.days:,}."
        )
    return None
