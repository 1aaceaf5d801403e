"""Scores of attempts, exactly."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.db.models import ScormData
from app.rules.scorm12 import Score, shown_percent

_LARGEST_INTEGER = 2**31 - 1


def exact_percent(
    raw: Decimal | None,
    minimum: Decimal | None,
    maximum: Decimal | None,
    rounded: Decimal | None,
    scaled: Decimal | None = None,
) -> Fraction | None:
    """A score of `scorm_data` in percent; rows from before scores were kept exactly know it `rounded` alone."""
    if raw is not None or scaled is not None:
        return Score(raw, minimum, maximum, scaled).percent
    return None if rounded is None else Fraction(rounded)


def percent_of(attempt: ScormData) -> Fraction | None:
    """The score of an attempt in percent, exactly."""
    return exact_percent(
        attempt.score_raw, attempt.score_min, attempt.score_max, attempt.score_pct, attempt.score_scaled
    )


def keep_score(attempt: ScormData, score: Score) -> None:
    """Write a score into the attempt, exactly and as the documented columns have it; one without a value changes
    nothing."""
    percent = score.percent
    if percent is None:
        return
    attempt.score_raw, attempt.score_min, attempt.score_max = score.raw, score.minimum, score.maximum
    attempt.score_scaled = score.reported
    attempt.score_pct = shown_percent(percent)
    attempt.cmi_core_score_raw, attempt.cmi_core_score_max = _whole(score.raw), _whole(score.maximum)


def keep_statement_score(attempt: ScormData, statement: Mapping[str, Any]) -> None:
    """Write the score of a statement's result, if it is the best so far; the scaled one is what xAPI compares by."""
    score = (statement.get("result") or {}).get("score")
    if not score:
        return
    if "scaled" in score:
        found = Score(Decimal(str(score["scaled"])) * 100, Decimal(0), Decimal(100))
    elif {"raw", "min", "max"} <= set(score):
        found = Score(*(Decimal(str(score[name])) for name in ("raw", "min", "max")))
    else:
        return
    keep_best_score(attempt, found)


def keep_best_score(attempt: ScormData, score: Score) -> None:
    """Write a score into the attempt, if it is the best so far."""
    best = percent_of(attempt)
    if best is None or (score.percent is not None and score.percent >= best):
        keep_score(attempt, score)


def _whole(number: Decimal | None) -> int | None:
    """As the documented INTEGER columns can hold it."""
    if number is None or abs(number) > _LARGEST_INTEGER:
        return None
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))
