"""How long a certification is valid, in whole months from the day it was issued."""

from calendar import monthrange
from datetime import date, timedelta


def last_day(issued_on: date, months: int) -> date:
    """The last day it is valid: the day before the same day of the month, so many months later.

    Where that month has no such day, its last one: what is issued on January 31 for one month ends on February 28, or
    29. Raises ValueError for less than one month.
    """
    if months < 1:
        raise ValueError("A certification is valid for at least one month.")
    year, month = divmod(issued_on.year * 12 + issued_on.month - 1 + months, 12)
    days = monthrange(year, month + 1)[1]
    if issued_on.day > days:
        return date(year, month + 1, days)
    return date(year, month + 1, issued_on.day) - timedelta(days=1)
