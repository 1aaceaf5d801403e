"""What a document that a student must bring is worth on a day, and when to remind them of its end."""

from datetime import date, timedelta
from typing import Final

SOON: Final = timedelta(days=60)
"""A course for a new CPR card, or an appointment for a new ID, takes weeks."""
REMINDERS: Final = (60, 30, 7)
"""Days before the end on which the student gets an email."""


def standing(state: str | None, expires_on: date | None, today: date) -> str:
    """`missing`, `received` (waits to be checked), `rejected`, `expired`, `expiring` or `valid`.

    `state` is that of the document: received, accepted or rejected; None for none. It counts on its last day.
    """
    if state is None:
        return "missing"
    if state != "accepted":
        return state
    if expires_on is None:
        return "valid"
    if expires_on < today:
        return "expired"
    return "expiring" if expires_on - today <= SOON else "valid"


def reminder_due(expires_on: date, today: date, reminded: int | None) -> int | None:
    """Which reminder is due, by its days before the end; None for none.

    Each is sent once, and of several that were missed the last alone.
    """
    left = (expires_on - today).days
    if left < 0:
        return None
    due = [days for days in REMINDERS if left <= days and (reminded is None or days < reminded)]
    return min(due, default=None)
