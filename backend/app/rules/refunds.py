"""What a school owes a student who leaves: pro rata, exact, rounded once.

Source: GNPEC Minimum Standards, Standard 12 (refund policy). Tuition is prorated on the part of the program completed;
nothing is owed from half of the program on. Money is integer cents, time integer minutes; fractions are exact until the
one rounding, half-up to the cent, at the end.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Refund:
    """The amount in cents, and its basis in a sentence."""

    amount_cents: int
    basis: str


def pro_rata(*, paid_cents: int, completed_minutes: int, total_minutes: int) -> Refund:
    """The refund of money paid for a whole program of which a part was completed.

    Raises ValueError for negative amounts and for a program without time.
    """
    if total_minutes <= 0:
        raise ValueError("a program lasts at least a minute")
    if paid_cents < 0 or completed_minutes < 0:
        raise ValueError("money and minutes are never negative")
    if 2 * completed_minutes >= total_minutes:
        return Refund(0, "GNPEC Standard 12: half of the program or more was completed, so nothing is owed.")
    owed = half_up(paid_cents * (1 - Fraction(completed_minutes, total_minutes)))
    return Refund(
        owed,
        f"GNPEC Standard 12: {completed_minutes} of {total_minutes} minutes completed; the rest of "
        f"${paid_cents // 100:,}.{paid_cents % 100:02d} paid is owed.",
    )


def half_up(amount: Fraction) -> int:
    """A fraction of cents to whole cents; exactly half a cent goes up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)
