"""The school's days: weekdays without Georgia's holidays and the school's own breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from app.rules.legal_holidays import nth, observed

MONDAY, THURSDAY, FRIDAY = 0, 3, 4


@lru_cache
def holidays(year: int) -> dict[date, str]:
    """The State of Georgia's public holidays that fall into `year`, as observed."""
    thanksgiving = nth(year, 11, THURSDAY, 4)
    days = {
        observed(date(year, 1, 1)): "New Year's Day",
        nth(year, 1, MONDAY, 3): "Martin Luther King, Jr. Day",
        nth(year, 5, MONDAY, -1): "Memorial Day",
        observed(date(year, 6, 19)): "Juneteenth",
        observed(date(year, 7, 4)): "Independence Day",
        nth(year, 9, MONDAY, 1): "Labor Day",
        nth(year, 10, MONDAY, 2): "Columbus Day",
        observed(date(year, 11, 11)): "Veterans Day",
        thanksgiving: "Thanksgiving Day",
        thanksgiving + timedelta(days=1): "State Holiday",
        observed(date(year, 12, 25)): "Christmas Day",
        observed(date(year + 1, 1, 1)): "New Year's Day",
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
