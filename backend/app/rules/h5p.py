"""What the statements of H5P content amount to.

H5P has no word for “the lesson is done”. Its own core (`H5P.xAPICompletedListener`) takes a *completed* or *answered*
statement that has no parent for the result of the whole: what stands inside names what it stands in. The same rule is
used here. Everything is reported by content and can be forged by the student’s browser: it counts for progress, never
alone for a credential.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.rules.scorm12 import COMPLETED, FAILED, PASSED, Score

_ADL = "http://adlnet.gov/expapi/verbs/"
_RESULTS = frozenset((f"{_ADL}completed", f"{_ADL}answered"))
_LARGEST = 10**9


def is_statement(value: Mapping[str, Any]) -> bool:
    """Whether a strange value has what is read of a statement here, each of its kind."""
    verb, result, context = value.get("verb"), value.get("result", {}), value.get("context", {})
    if not isinstance(verb, dict) or not isinstance(verb.get("id"), str):
        return False
    if not isinstance(result, dict) or not isinstance(context, dict):
        return False
    return isinstance(result.get("score", {}), dict) and isinstance(
        context.get("contextActivities", {}), dict
    )


def status_said(statement: Mapping[str, Any], passing_percent: int | None = None) -> str | None:
    """The status that a statement gives the whole content, in words of SCORM 1.2; None if it is of a part of it or says
    nothing of a result.

    Where the lesson asks for a score and the statement has one, the score decides: many types of content call only the
    full score a success.
    """
    around = statement.get("context", {}).get("contextActivities", {})
    if statement["verb"]["id"] not in _RESULTS or around.get("parent"):
        return None
    result = statement.get("result", {})
    if result.get("completion") is False:
        return None
    score = score_said(statement)
    if passing_percent is not None and score is not None and score.percent is not None:
        return PASSED if score.percent >= passing_percent else FAILED
    if result.get("success") is True:
        return PASSED
    return FAILED if result.get("success") is False else COMPLETED


def score_said(statement: Mapping[str, Any]) -> Score | None:
    """The score of a result; None for none, for one without points to get, and for one outside its range."""
    score = statement.get("result", {}).get("score", {})
    raw, low, high = (_number(score.get(name)) for name in ("raw", "min", "max"))
    if raw is not None and high is not None:
        low = Decimal(0) if low is None else low
        return Score(raw, low, high) if low < high and low <= raw <= high else None
    scaled = _number(score.get("scaled"))
    if scaled is None or not 0 <= scaled <= 1:
        return None
    return Score(scaled * 100, Decimal(0), Decimal(100))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        return None
    return None if math.isnan(value) else Decimal(str(value))


def continues(status: str) -> bool:
    """Whether the next launch goes on with the attempt: not with one that failed, because content that allows one try
    shows nothing but its end."""
    return status != FAILED
