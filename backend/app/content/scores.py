"""Scores of attempts, exactly."""

from decimal import Decimal
from fractions import Fraction

from app.rules.scorm12 import Score


def exact_percent(
    raw: Decimal | None, minimum: Decimal | None, maximum: Decimal | None, rounded: Decimal | None
) -> Fraction | None:
    """A score of `scorm_data` in percent; rows from before scores were kept exactly know it `rounded` alone."""
    if raw is not None:
        return Score(raw, minimum, maximum).percent
    return None if rounded is None else Fraction(rounded)
