"""Legal public holidays of the United States (5 U.S.C. 6103), as observed: days that are likely no business days."""

from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of the month; the last one for n = -1."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def observed(day: date) -> date:
    """A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after."""
    if day.weekday() == SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == SUNDAY else day


@lru_cache(maxsize=64)
def legal_holidays(year: int) -> dict[date, str]:
    """The holidays of a year with their names. New Year’s Day of a Saturday is observed in the year before."""
    return {
        observed(date(year, 1, 1)): "New Year’s Day",
        nth(year, 1, MONDAY, 3): "Martin Luther King, Jr. Day",
        nth(year, 2, MONDAY, 3): "Washington’s Birthday",
        nth(year, 5, MONDAY, -1): "Memorial Day",
        observed(date(year, 6, 19)): "Juneteenth",
        observed(date(year, 7, 4)): "Independence Day",
        nth(year, 9, MONDAY, 1): "Labor Day",
        nth(year, 10, MONDAY, 2): "Columbus Day",
        observed(date(year, 11, 11)): "Veterans Day",
        nth(year, 11, THURSDAY, 4): "Thanksgiving Day",
        observed(date(year, 12, 25)): "Christmas Day",
    }
