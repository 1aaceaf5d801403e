"""Scores of attempts, exactly."""

from decimal import Decimal
from fractions import Fraction

from app.db.models import ScormData
from app.rules.scorm12 import Score, shown_percent

_LARGEST_INTEGER = 2**31 - 1


def exact_percent(
    raw: Decimal | None, minimum: Decimal | None, maximum: Decimal | None, rounded: Decimal | None
) -> Fraction | None:
    """A score of `scorm_data` in percent; rows from before scores were kept exactly know it `rounded` alone."""
    if raw is not None:
        return Score(raw, minimum, maximum).percent
    return None if rounded is None else Fraction(rounded)


def keep_score(attempt: ScormData, score: Score) -> None:
    """Write a score into the attempt, exactly and as the documented columns have it; one without a value changes
    nothing."""
    percent, raw = score.percent, score.raw
    if percent is None or raw is None:
        return
    attempt.score_raw, attempt.score_min, attempt.score_max = raw, score.minimum, score.maximum
    attempt.score_pct = shown_percent(percent)
    attempt.cmi_core_score_raw, attempt.cmi_core_score_max = _whole(raw), _whole(score.maximum)


def _whole(number: Decimal | None) -> int | None:
    """As the documented INTEGER columns can hold it."""
    if number is None or abs(number) > _LARGEST_INTEGER:
        return None
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))
