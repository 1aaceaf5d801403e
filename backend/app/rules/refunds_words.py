"""The derivation of a refund: lines of words with cents that add up to the amount exactly."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One step: what it is, and what it adds to the refund in cents (0 for a reason, negative for what is kept)."""

    text: str
    amount_cents: int


class Derivation:
    """Collects the lines. Amounts are exact until the one rounding: whole numbers over one denominator.

    Each line shows the change of the rounded sum so far, so that the lines add up to the rounded amount whatever the
    fractions are.
    """

    def __init__(self, rounding: str) -> None:
        self.lines: list[Line] = []
        self.top, self.bottom = 0, 1
        self.amount_cents = 0
        """The refund so far, rounded."""
        self._round = ROUNDINGS[rounding]

    def add(self, text: str, cents: int = 0, of: int = 1) -> None:
        """Add a line of `cents` / `of` cents."""
        before = self.amount_cents
        if cents:
            if self.bottom % of:
                self.top *= of
                self.bottom *= of
            self.top += cents * (self.bottom // of)
            self.amount_cents = self._round(self.top, self.bottom)
        self.lines.append(Line(text, self.amount_cents - before))


def _half_up(top: int, bottom: int) -> int:
    """Exactly half a cent goes up."""
    return (2 * top + bottom) // (2 * bottom)


def _down(top: int, bottom: int) -> int:
    return top // bottom


def _up(top: int, bottom: int) -> int:
    return -(-top // bottom)


ROUNDINGS: dict[str, Callable[[int, int], int]] = {"half_up": _half_up, "down": _down, "up": _up}


def dollars(cents: int) -> str:
    """`453600` as `$4,536.00`."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def hours(minutes: int) -> str:
    """`2880` as `48 h`, `460` as `7 h 40 min`."""
    whole, rest = divmod(minutes, 60)
    if not rest:
        return f"{whole:,} h"
    return f"{whole:,} h {rest} min" if whole else f"{rest} min"


def percent(part: int, total: int) -> str:
    """`1` of `8` as `12.5%`; cut and never rounded up, so that less than half never reads as half."""
    hundredths = 10_000 * part // total
    words = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
    return f"{words}%"


def printable(text: str, *, several_lines: bool = False) -> bool:
    """Whether a text has no control character and no half of a pair; several lines may have line ends and tabs."""
    allowed = "\n\t" if several_lines else ""
    return all(sign in allowed or unicodedata.category(sign) not in ("Cc", "Cs") for sign in text)
