"""What an attempt comes to, and what of it the student may know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.content.authoring.markdown import inline_html
from app.content.bank.lines import as_lines
from app.content.bank.schemas import Asked
from app.db.models import QuizAnswer
from app.rules import quizzes
from app.rules.quiz_draws import Drawn, Pool, as_shown, draw, order_of

_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Graded:
    """An attempt's points, question by question."""

    earned: Mapping[int, Fraction]
    """Position -> points."""
    possible: Fraction

    @property
    def points(self) -> Fraction:
        return sum(self.earned.values(), Fraction(0))


def drawn_for(quiz: Mapping[str, Any], questions: Mapping[int, Asked], seed: str) -> list[Drawn]:
    """The questions of an attempt, in order."""
    pools = [Pool(pool["draw"], tuple(pool["versions"])) for pool in quiz["pools"]]
    chosen = draw(pools, seed, shuffle=quiz["shuffle_questions"])
    return [
        Drawn(
            one,
            order_of(questions[one].kind, questions[one].content, seed, one, shuffle=quiz["shuffle_answers"]),
        )
        for one in chosen
    ]


def grade(
    drawn: list[Drawn], questions: Mapping[int, Asked], answers: Mapping[int, Mapping[str, Any]]
) -> Graded:
    """Grade the answers, by position from 1, with the keys that hold now."""
    earned = {}
    for position, one in enumerate(drawn, 1):
        question = questions[one.version]
        share = quizzes.credit(question.kind, question.content, question.key, answers.get(position))
        earned[position] = share * Fraction(question.points)
    possible = sum((Fraction(questions[one.version].points) for one in drawn), Fraction(0))
    return Graded(earned, possible)


def exact(points: Fraction) -> Decimal:
    """Points as they are kept: to four decimals, rounded down, so that nobody passes by rounding."""
    return Decimal(points.numerator * 10_000 // points.denominator) * _PLACES


def shown(
    drawn: list[Drawn],
    questions: Mapping[int, Asked],
    answers: Mapping[int, QuizAnswer],
    *,
    reveals: bool,
    graded: Graded | None,
) -> list[dict[str, Any]]:
    """The questions as the student sees them. The right answer is in it only where `reveals`, or where the student had
    an answer checked."""
    found = []
    for position, one in enumerate(drawn, 1):
        question, answer = questions[one.version], answers.get(position)
        seen: dict[str, Any] = {
            "position": position,
            "kind": question.kind,
            "prompt": inline_html(question.prompt),
            "points": float(question.points),
            "content": _content(question, one),
            "image": f"quiz/pictures/{one.version}" if question.image_sha256 else None,
            "answer": answer.answer if answer else {},
            "seq": answer.seq if answer else 0,
            "checked": bool(answer and answer.checked),
        }
        if graded is not None:
            seen["earned"] = float(graded.earned[position])
        if reveals or seen["checked"]:
            seen["feedback"] = feedback(question, answer.answer if answer else None)
        found.append(seen)
    return found


def feedback(question: Asked, answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """Whether an answer is right, what would be, and why."""
    share = quizzes.credit(question.kind, question.content, question.key, answer)
    return {
        "right": share == 1,
        "share": float(share),
        "key": words(question),
        "why": inline_html(question.feedback) if question.feedback else "",
    }


def reveals(quiz: Mapping[str, Any], *, submitted: bool, now: datetime) -> bool:
    """Whether right answers are shown now."""
    if not submitted or quiz["feedback"] == "none":
        return False
    if quiz["feedback"] != "due":
        return True
    return quiz["due_at"] is not None and now >= datetime.fromisoformat(quiz["due_at"])


def _content(question: Asked, drawn: Drawn) -> dict[str, Any]:
    """What is shown: of a picture's areas only their names, because where they are is half of the answer."""
    content = as_shown(question.content, drawn.order)
    if question.kind == "hotspot":
        return {"areas": [{"id": one["id"], "label": one["label"]} for one in content["areas"]]}
    return content


def words(question: Asked) -> list[str]:
    """The right answer in words, a line each."""
    if question.kind == "numeric":
        off = Decimal(question.key.get("tolerance") or 0)
        return [question.key["value"] + (f" (± {question.key['tolerance']})" if off else "")]
    if question.kind == "hotspot":
        return [one["label"] for one in question.content["areas"] if one["id"] in question.key["ids"]]
    lines = as_lines(question.kind, question.content, question.key).split("\n")
    if question.kind in ("choice", "multiple"):
        return [line.removeprefix("* ") for line in lines if line.startswith("* ")]
    return [line for line in lines if not line.startswith("= ")]
