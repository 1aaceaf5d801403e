"""The school's days: weekdays without Georgia's holidays and the school's own breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of the month; the last one for n = -1."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _observed(day: date) -> date:
    """A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after."""
    if day.weekday() == SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == SUNDAY else day


@lru_cache
def holidays(year: int) -> dict[date, str]:
    """The State of Georgia's public holidays that fall into `year`, as observed."""
    thanksgiving = _nth(year, 11, THURSDAY, 4)
    days = {
        _observed(date(year, 1, 1)): "New Year's Day",
        _nth(year, 1, MONDAY, 3): "Martin Luther King, Jr. Day",
        _nth(year, 5, MONDAY, -1): "Memorial Day",
        _observed(date(year, 6, 19)): "Juneteenth",
        _observed(date(year, 7, 4)): "Independence Day",
        _nth(year, 9, MONDAY, 1): "Labor Day",
        _nth(year, 10, MONDAY, 2): "Columbus Day",
        _observed(date(year, 11, 11)): "Veterans Day",
        thanksgiving: "Thanksgiving Day",
        thanksgiving + timedelta(days=1): "State Holiday",
        _observed(date(year, 12, 25)): "Christmas Day",
        _observed(date(year + 1, 1, 1)): "New Year's Day",
    }
    return {day: name for day, name in days.items() if day.year == year}


def is_break(day: date) -> bool:
    """Winter and summer break."""
    return (
        (day.month, day.day) >= (12, 22)
        or (day.month, day.day) <= (1, 2)
        or (7, 1) <= (day.month, day.day) <= (7, 7)
    )


def is_school_day(day: date) -> bool:
    """Whether the school is open for classes."""
    return day.weekday() <= FRIDAY and day not in holidays(day.year) and not is_break(day)


def school_days(first: date, last: date) -> Iterator[date]:
    """The school's days from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if is_school_day(day):
            yield day
