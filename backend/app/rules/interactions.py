"""Interactions and objectives that a course reports, whatever its edition: what was asked, answered, and how it did.

Source: SCORM 1.2 Run-Time Environment 3.4.3.2 (`cmi.interactions`, `cmi.objectives`) and SCORM 2004 4th Edition RTE
4.2.9 and 4.2.17. A question is known by its identifier alone; the 4th edition's `description` is what people read.
Everything here is reported by content.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.rules import scorm12, scorm2004

RIGHT, WRONG, NEUTRAL, UNANTICIPATED = "right", "wrong", "neutral", "unanticipated"
_RESULTS = {
    "correct": RIGHT,
    "wrong": WRONG,
    "incorrect": WRONG,
    "neutral": NEUTRAL,
    "unanticipated": UNANTICIPATED,
}
MOST = 2_000
"""Interactions of one attempt that are looked at."""
_LONGEST = 4_000
_LONGEST_PLACE = 9
"""Digits of the number that an entry of a list has; Python reads no number of several thousand."""
_MOST_PATTERNS = 20
_OPTION = re.compile(r"\{(case_matters|order_matters|lang)=[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Interaction:
    """One answer to a question."""

    id: str
    kind: str
    """`choice`, `true-false`, `fill-in` … as the course says; empty if it does not."""
    question: str
    """What was asked, as far as the course says; else its identifier."""
    answer: str
    right_answers: tuple[str, ...]
    result: str
    """`right`, `wrong`, `neutral`, `unanticipated`, a number as sent, or empty."""
    latency: Decimal | None
    """Seconds from the question to the answer."""
    at: str
    """When, as the course says it: a time of day (1.2) or a moment (2004)."""

    @property
    def is_right(self) -> bool | None:
        """None where the result says neither."""
        return {RIGHT: True, WRONG: False, UNANTICIPATED: False}.get(self.result)


@dataclass(frozen=True, slots=True)
class ObjectiveReport:
    """What a course reports of one of its objectives."""

    id: str
    description: str
    status: str
    """SCORM 1.2's status, or that of success and completion as one."""
    score: str
    """As sent: the scaled score where there is one, else the raw one."""


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """How a question did among those who answered it."""

    answers: int
    judged: int
    """Answers that the course called right or wrong."""
    right: Fraction | None
    """Share of the judged that were right, 0 to 1; None where none was judged."""
    wrong_answers: tuple[tuple[str, int], ...]
    """Wrong answers and how often each was given, the most common first."""


def interactions_of(cmi: Mapping[str, Any]) -> list[Interaction]:
    """The interactions in a data model of either edition, in their order; nonsense in one loses only that."""
    return [one for one in map(_interaction, _entries(cmi.get("interactions"))) if one is not None]


def of_statement(statement: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """An *answered* statement of xAPI as an entry of `cmi.interactions`, under a name of the question; else None.

    Answers name choices by their identifiers (xAPI 1.0.3, Interaction Activities); here they are in words.
    """
    about, result, verb = (_mapping(statement.get(part)) for part in ("object", "result", "verb"))
    definition = _mapping(about.get("definition"))
    kind = _text(definition.get("interactionType"))
    if not kind or _text(verb.get("id")).rpartition("/")[2] != "answered":
        return None
    words = {
        _text(one.get("id")): _in_any_language(one.get("description"))
        for part in ("choices", "scale", "source", "target", "steps")
        for one in _entries(definition.get(part))
    }
    patterns = definition.get("correctResponsesPattern")
    said = result.get("success")
    return {
        "id": name,
        "type": kind,
        "description": _in_any_language(definition.get("description")),
        "learner_response": _worded(_text(result.get("response")), words),
        "correct_responses": [
            {"pattern": _worded(_text(one), words)}
            for one in patterns[:_MOST_PATTERNS]
            if isinstance(one, str)
        ]
        if isinstance(patterns, list)
        else [],
        "result": {True: "correct", False: "incorrect"}.get(said, "") if isinstance(said, bool) else "",
        "latency": _text(result.get("duration")),
        "timestamp": _text(statement.get("timestamp")),
    }


def _worded(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern with the words of its choices in place of their identifiers."""
    parts = re.split(r"(\[[,.:]\])", pattern)
    return "".join(words.get(part) or part for part in parts)[:_LONGEST]


def _in_any_language(value: object) -> str:
    return next((_text(one).strip() for one in _mapping(value).values() if _text(one).strip()), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def objectives_of(cmi: Mapping[str, Any]) -> list[ObjectiveReport]:
    """The objectives in a data model of either edition that the course has said something of."""
    found = []
    for entry in _entries(cmi.get("objectives")):
        name = _text(entry.get("id"))
        given = entry.get("score")
        score = given if isinstance(given, Mapping) else {}
        status = _text(entry.get("status"))
        if not status:
            completion = scorm2004.known_completion(_text(entry.get("completion_status")))
            success = scorm2004.known_success(_text(entry.get("success_status")))
            status = scorm2004.lesson_status(completion, success)
        value = _text(score.get("scaled")) or _text(score.get("raw"))
        if name and (value or status != scorm12.NOT_ATTEMPTED):
            found.append(ObjectiveReport(name, _text(entry.get("description")), status, value))
    return found


def figures(answers: Sequence[Interaction]) -> QuestionFigures:
    """What answers to one question come to."""
    judged = [one for one in answers if one.is_right is not None]
    right = sum(one.is_right is True for one in judged)
    wrong = Counter(one.answer for one in judged if one.is_right is False)
    in_order = sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0]))
    share = Fraction(right, len(judged)) if judged else None
    return QuestionFigures(len(answers), len(judged), share, tuple(in_order))


def readable(pattern: str) -> str:
    """An answer or pattern with the standard's delimiters as people write them: `a[,]b` is `a, b`."""
    plain = _OPTION.sub("", pattern)
    for mark, shown in (("[,]", ", "), ("[.]", " – "), ("[:]", " to ")):
        plain = plain.replace(mark, shown)
    return plain.strip()


def _interaction(entry: Mapping[str, Any]) -> Interaction | None:
    name = _text(entry.get("id"))
    if not name:
        return None
    patterns = [_text(one.get("pattern")) for one in _entries(entry.get("correct_responses"))]
    said = _text(entry.get("result")).strip()
    answer = entry.get("learner_response", entry.get("student_response"))
    return Interaction(
        id=name,
        kind=_text(entry.get("type")),
        question=_text(entry.get("description")).strip() or name,
        answer=readable(_text(answer)),
        right_answers=tuple(readable(one) for one in patterns if one),
        result=_RESULTS.get(said.lower(), said if scorm12.number_of(said) is not None else ""),
        latency=_seconds(_text(entry.get("latency"))),
        at=_text(entry.get("timestamp", entry.get("time"))),
    )


def _entries(value: Any) -> list[Mapping[str, Any]]:
    """A list, which the run-time sends as an object with numbers for names."""
    if isinstance(value, Mapping):
        numbered = [
            (int(key), one)
            for key, one in value.items()
            if len(key) <= _LONGEST_PLACE and key.isascii() and key.isdigit()
        ]
        listed = [one for _, one in sorted(numbered, key=lambda pair: pair[0])]
    else:
        listed = value if isinstance(value, list) else []
    return [one for one in listed[:MOST] if isinstance(one, Mapping)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:_LONGEST] if isinstance(value, str | int | float) else ""


def _seconds(span: str) -> Decimal | None:
    if not span:
        return None
    for read in (scorm12.seconds_of, scorm2004.seconds_of):
        try:
            return read(span)
        except ValueError:
            continue
    return None
