"""What an answer to a question is worth, and what the attempts at a quiz come to. Exact: fractions, rounded by nobody.

Kinds of questions and their data, as JSON:

- `choice`: content `options` [{id, text}], key `{"id": …}`, answer `{"id": …}`
- `multiple`: the same options, key and answer `{"ids": […]}`
- `numeric`: key `{"value": "12.5", "tolerance": "0.1"}`, answer `{"value": "12.4"}`
- `match`: content `prompts` and `options`, key and answer `{"pairs": {prompt: option}}`
- `order`: content `options`, key and answer `{"ids": […]}` in the right order
- `hotspot`: content `areas` [{id, label, x, y, width, height}] in percent of the picture, key `{"ids": […]}`, answer
  `{"x": …, "y": …}` or, chosen by its description, `{"id": …}`
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

KINDS = ("choice", "multiple", "numeric", "match", "order", "hotspot")
METHODS = ("highest", "last", "first", "average")
"""Which of several attempts counts."""
NOTHING, ALL = Fraction(0), Fraction(1)
_LONGEST_NUMBER = 40
_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", re.ASCII)
GRACE = timedelta(seconds=5)
"""How long after the time limit an answer still counts that was on its way."""
Json = Mapping[str, Any]


def credit(kind: str, content: Json, key: Json, answer: Json | None) -> Fraction:
    """The share of a question's points that an answer earns, 0 to 1; no answer and nonsense earn nothing."""
    if not answer:
        return NOTHING
    share = _RULES[kind](content, key, answer)
    return min(ALL, max(NOTHING, share))


def _choice(_content: Json, key: Json, answer: Json) -> Fraction:
    return ALL if answer.get("id") == key["id"] else NOTHING


def _multiple(_content: Json, key: Json, answer: Json) -> Fraction:
    """Each right choice counts up and each wrong one down, never below nothing: choosing everything gains nothing
    where as much is wrong as right."""
    right, chosen = set(key["ids"]), _texts(answer.get("ids"))
    return Fraction(len(right & chosen) - len(chosen - right), len(right))


def _numeric(_content: Json, key: Json, answer: Json) -> Fraction:
    number = number_of(answer.get("value"))
    if number is None:
        return NOTHING
    value, tolerance = Decimal(key["value"]), Decimal(key.get("tolerance") or 0)
    return ALL if abs(Fraction(number) - Fraction(value)) <= Fraction(tolerance) else NOTHING


def _match(_content: Json, key: Json, answer: Json) -> Fraction:
    right: Mapping[str, str] = key["pairs"]
    given = answer.get("pairs")
    if not isinstance(given, Mapping):
        return NOTHING
    return Fraction(sum(given.get(prompt) == option for prompt, option in right.items()), len(right))


def _order(_content: Json, key: Json, answer: Json) -> Fraction:
    """The share of steps that stand in their own place; an order that leaves steps out or has them twice is none."""
    right, given = list(key["ids"]), answer.get("ids")
    if not isinstance(given, list) or len(given) != len(right) or _texts(given) != set(right):
        return NOTHING
    return Fraction(sum(one == other for one, other in zip(right, given, strict=True)), len(right))


def _hotspot(content: Json, key: Json, answer: Json) -> Fraction:
    area = answer.get("id") if "id" in answer else area_at(content, answer.get("x"), answer.get("y"))
    return ALL if area is not None and area in key["ids"] else NOTHING


_RULES = {
    "choice": _choice,
    "multiple": _multiple,
    "numeric": _numeric,
    "match": _match,
    "order": _order,
    "hotspot": _hotspot,
}


def area_at(content: Json, x: object, y: object) -> str | None:
    """The area of the picture at a point, in percent; the smallest where several lie on each other."""
    if not _is_number(x) or not _is_number(y):
        return None
    inside = [
        area
        for area in content["areas"]
        if area["x"] <= x <= area["x"] + area["width"] and area["y"] <= y <= area["y"] + area["height"]
    ]
    smallest = min(inside, key=lambda area: area["width"] * area["height"], default=None)
    return None if smallest is None else str(smallest["id"])


def number_of(value: object) -> Decimal | None:
    """A number as a student types it: `12.5`, `12,5`, `1,000`, ` 1e3 `; None for anything else.

    A comma before each three digits separates thousands, as Americans write; any other is a decimal comma.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip().replace("−", "-")
    text = text.replace(",", "" if _IN_THOUSANDS.fullmatch(text) else ".")
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _LONGEST_NUMBER else None


def _texts(value: object) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Attempts


def overall(percents: Sequence[Fraction], method: str) -> Fraction | None:
    """What the submitted attempts, in order, come to; None without one."""
    if not percents:
        return None
    if method == "last":
        return percents[-1]
    if method == "first":
        return percents[0]
    return sum(percents, NOTHING) / len(percents) if method == "average" else max(percents)


def attempts_allowed(limit: int | None, extra: int) -> int | None:
    """How many attempts a student has; None without a limit, which nothing extra can widen."""
    return None if limit is None else limit + extra


def deadline(started: datetime, limit_minutes: int | None, extra_percent: int) -> datetime | None:
    """When an attempt ends by itself: the quiz's minutes and the student's share on top, to the whole second."""
    if limit_minutes is None:
        return None
    return started + timedelta(seconds=(limit_minutes * 60 * (100 + extra_percent) + 99) // 100)


def is_over(deadline_at: datetime | None, now: datetime) -> bool:
    """Whether an answer that comes now is too late."""
    return deadline_at is not None and now > deadline_at + GRACE


def is_closed(feedback: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether no attempt begins any more: right answers that are shown after the due date are known from then on."""
    return feedback == "due" and due_at is not None and now >= due_at


@dataclass(frozen=True, slots=True)
class LessonState:
    """What a lesson with a quiz is judged by."""

    read_to_end: bool
    has_quiz: bool
    percent: Fraction | None
    """What the attempts come to; None before one was submitted."""
    pass_percent: int


def lesson_status(state: LessonState) -> str:
    """The lesson's status in SCORM 1.2's words: read to the end, and the quiz passed if there is one.

    The lesson is completed by both together, in either order. A quiz below its pass mark is *failed*, and can be passed
    by a later attempt.
    """
    if not state.has_quiz:
        return "completed" if state.read_to_end else "incomplete"
    if state.percent is None:
        return "incomplete"
    if state.percent < state.pass_percent:
        return "failed"
    return "passed" if state.read_to_end else "incomplete"
