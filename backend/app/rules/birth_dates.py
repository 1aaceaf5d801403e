"""Which birth dates a student can have."""

from datetime import date
from typing import Final

YOUNGEST: Final = 14
"""Full years. A career school enrolls nobody younger, and a birth date of this year is a slip of the keyboard."""
OLDEST: Final = 110


def full_years(born: date, on: date) -> int:
    """Age in full years on a day. Who was born on February 29 turns a year older on March 1 in a common year."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def why_not(born: date, today: date) -> str | None:
    """The sentence for a birth date that a student cannot have; None for one they can."""
    if born > today:
        return "This birth date is in the future. Check the year."
    years = full_years(born, today)
    if years < YOUNGEST:
        return f"This birth date makes the student {years} years old. Students are at least {YOUNGEST}. Check the year."
    if years > OLDEST:
        return f"This birth date makes the student {years} years old. Check the year."
    return None
