"""Grade points on the 4.0 scale, exact.

A score from 90 percent is 4 points, from 80 percent 3, from 70 percent 2, below that 1: the scale that allied health
schools print on their transcripts. A grade point average is the exact mean, rounded half-up to two decimals.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

_SCALE = ((90, 4), (80, 3), (70, 2))
_LOWEST = 1
_CENT = Decimal("0.01")


def points(score_pct: Decimal | int) -> int:
    """The grade points of a score in percent, 0 to 100."""
    if not 0 <= score_pct <= 100:
        raise ValueError("a score lies between 0 and 100 percent")
    return next((worth for least, worth in _SCALE if score_pct >= least), _LOWEST)


def average(scores_pct: Sequence[Decimal | int]) -> Decimal | None:
    """The grade point average of scores of equal weight, to two decimals; None without any."""
    if not scores_pct:
        return None
    exact = Fraction(sum(points(score) for score in scores_pct), len(scores_pct))
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_CENT, ROUND_HALF_UP)
