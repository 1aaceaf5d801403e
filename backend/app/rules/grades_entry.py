"""What is typed into a cell of the grade book, and how a score reads there.

`42.5` are points, `85%` a share of the item's points; `L` behind it says that the work was late. `M` is missing, `EX`
excused, `I` incomplete, with the last day if it is not the usual one: `I 2026-12-01`. Nothing clears the cell.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from app.rules.grades_book import State

LONGEST = 40
_NUMBER = re.compile(r"(\d{1,6}(?:\.\d{1,2})?|\.\d{1,2})\s*(%?)\s*(l|late)?", re.IGNORECASE | re.ASCII)
_INCOMPLETE = re.compile(r"(?:i|inc|incomplete)(?:\s+(\d{4}-\d{2}-\d{2}))?", re.IGNORECASE | re.ASCII)
_WORDS = {
    "m": State.MISSING,
    "missing": State.MISSING,
    "ex": State.EXCUSED,
    "excused": State.EXCUSED,
}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a cell says; `state` is None for an empty one."""

    state: State | None
    points: Decimal | None = None
    complete_by: date | None = None


NOTHING = Entry(None)


def read(text: str, possible: Decimal, today: date, incomplete_days: int) -> Entry:
    """What was typed. Raises ValueError with the sentence that says what is wrong."""
    typed = " ".join(text.split())
    if not typed:
        return NOTHING
    if len(typed) > LONGEST:
        raise ValueError("This is too long for a score. Enter points such as 42.5, or M, EX or I.")
    word = _WORDS.get(typed.lower())
    if word is not None:
        return Entry(word)
    incomplete = _INCOMPLETE.fullmatch(typed)
    if incomplete:
        return Entry(State.INCOMPLETE, None, _deadline(incomplete[1], today, incomplete_days))
    number = _NUMBER.fullmatch(typed)
    if number is None:
        if typed.startswith(("-", "−")):
            raise ValueError("Points cannot be negative. Enter 0 or more.")
        raise ValueError(f"“{typed}” is not a score. Enter points such as 42.5, or M, EX or I.")
    points = Decimal(number[1])
    if number[2]:
        if points > 100:
            raise ValueError("Enter at most 100%.")
        points = (points * possible / 100).quantize(_CENT, ROUND_HALF_UP)
    if points > possible:
        raise ValueError(f"This item has {plain(possible)} points, so {plain(points)} is too many.")
    return Entry(State.LATE if number[3] else State.GRADED, points)


def _deadline(typed: str | None, today: date, days: int) -> date:
    if typed is None:
        return today + timedelta(days=days)
    try:
        until = date.fromisoformat(typed)
    except ValueError:
        raise ValueError(f"“{typed}” is not a date. Enter one such as {today:%Y-%m-%d}.") from None
    if until < today:
        raise ValueError("The last day for an incomplete cannot be in the past.")
    if until > today + timedelta(days=366):
        raise ValueError("The last day for an incomplete is at most a year from today.")
    return until


def shown(state: State | None, points: Decimal | None, complete_by: date | None) -> str:
    """A score as its cell shows it; read again, it says the same."""
    match state:
        case None:
            return ""
        case State.MISSING:
            return "M"
        case State.EXCUSED:
            return "EX"
        case State.INCOMPLETE:
            return f"I {complete_by:%Y-%m-%d}" if complete_by else "I"
        case State.LATE:
            return f"{plain(points)} L"
        case _:
            return plain(points)


def plain(value: Decimal | None) -> str:
    """A number without zeros that say nothing: `42.5`, `50`."""
    return "" if value is None else f"{value.normalize():f}"
