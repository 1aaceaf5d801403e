"""How the texts of cells become values. Each raises ValueError with a sentence for the person who has the file."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from app.web.field_types import EARLIEST_DAY, LATEST_DAY, one_line

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_AMERICAN = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


def line(text: str, longest: int = 255) -> str:
    """One line of 255 characters at most, or of `longest`."""
    tidy = one_line(text)
    if len(tidy) > longest:
        raise ValueError(f"This has more than {longest} characters. Shorten it.")
    return tidy


def day(text: str, earliest: date = EARLIEST_DAY) -> date:
    """A date: 11/25/2026 (month first) or 2026-11-25, with or without a midnight behind it."""
    iso, american = _ISO.fullmatch(text), _AMERICAN.fullmatch(text)
    if iso:
        year, month, number = (int(part) for part in iso.groups())
    elif american:
        month, number, year = (int(part) for part in american.groups())
    else:
        raise ValueError("This is not a date. Write it as 11/25/2026 or 2026-11-25.")
    try:
        found = date(year, month, number)
    except ValueError:
        hint = " Write the month first." if american and month > 12 else ""
        raise ValueError(f"There is no such day.{hint} Write dates as 11/25/2026 or 2026-11-25.") from None
    if not earliest <= found <= LATEST_DAY:
        raise ValueError(f"This date lies outside {earliest.year} to {LATEST_DAY.year}. Check the year.")
    return found


def choice(words: Mapping[str, str], offered: Sequence[str] = ()) -> Callable[[str], str]:
    """One of these words, in any case; gives what it stands for. `offered` are those that a refusal names."""

    def read(text: str) -> str:
        found = words.get(" ".join(text.casefold().split()))
        if found is None:
            named = ", ".join(offered or dict.fromkeys(words.values()))
            raise ValueError(f"This value is not recognized. Use one of: {named}.")
        return found

    return read
