"""What the page of an exported lesson knows: its quiz with the right answers, because no server of ours grades it."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import unescape
from typing import Any

import orjson

from app.content.authoring.markdown import inline_html
from app.content.bank.schemas import Asked
from app.content.quizzes.grading import words

Json = dict[str, Any]
_NAMES = "0123456789abcdefghijklmnopqrstuvwxyz"
_TAGS = re.compile(r"<[^>]*>")
_UNUSUAL = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 60
_LONGEST_NUMBER = 46
"""A number as it is kept, with what JSON puts around it."""
_RESULT = 24
"""An attempt's result as it is kept: "123456.1234/123456t",."""
MOST_RESULTS = 60
"""Results that the page keeps; beyond them those in between are forgotten."""
_AROUND = 120


def lesson_data(
    identity: str, title: str, quiz: Mapping[str, Any] | None, asked: Mapping[int, Asked]
) -> Json:
    """The data of the page. `quiz` is that of a published version, `asked` are its questions with the keys that hold
    now."""
    numbers = (
        [] if quiz is None else list(dict.fromkeys(one for pool in quiz["pools"] for one in pool["versions"]))
    )
    places = {number: place for place, number in enumerate(numbers)}
    data: Json = {
        "id": identity,
        "title": title,
        "quiz": None if quiz is None else _rules(quiz, places),
        "questions": [_question(asked[number]) for number in numbers],
    }
    # What was answered in another version of the lesson is not taken for answers to this one.
    data["key"] = hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    return data


def picture_name(question: Asked) -> str:
    """Where a question's picture is in the package."""
    ending = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[
        question.image_type or "image/png"
    ]
    return f"pictures/q{question.question_id}.{ending}"


def kept_size(data: Json) -> int:
    """How many characters a learning system has to keep for the lesson at most."""
    quiz = data["quiz"]
    if quiz is None:
        return _AROUND
    checked = 4 if quiz["feedback"] == "question" else 0
    lengths = [_longest(one) + 3 + checked for one in data["questions"]]
    answers = sum(
        sum(sorted((lengths[place] for place in pool["questions"]), reverse=True)[: pool["draw"]])
        for pool in quiz["pools"]
    )
    return _AROUND + answers + _RESULT * min(quiz["attempts"] or MOST_RESULTS, MOST_RESULTS)


def _longest(question: Json) -> int:
    """The characters of a question's longest answer."""
    content = question["content"]
    ids = [len(one["id"]) for one in content.get("options", content.get("areas", []))]
    if question["kind"] == "numeric":
        return _LONGEST_NUMBER
    if question["kind"] == "match":
        return sum(len(one["id"]) + 2 + max(ids) for one in content["prompts"])
    if question["kind"] == "hotspot":
        return 13
    return max(ids) if question["kind"] == "choice" else sum(ids) + len(ids)


def _rules(quiz: Mapping[str, Any], places: Mapping[int, int]) -> Json:
    rules = (
        "shuffle_questions",
        "shuffle_answers",
        "attempts",
        "minutes",
        "pass_percent",
        "method",
        "feedback",
        "due_at",
    )
    pools = [
        {
            "draw": min(pool["draw"], len(pool["versions"])),
            "questions": [places[one] for one in pool["versions"]],
        }
        for pool in quiz["pools"]
    ]
    return {**{name: quiz[name] for name in rules}, "pools": pools}


def _question(question: Asked) -> Json:
    prompts, options = question.content.get("prompts", []), _chosen_from(question.content)
    ids = _short_names([*(one["id"] for one in prompts), *sorted(one["id"] for one in options)])
    texts = {ids[one["id"]]: one.get("label") or one.get("text") or "" for one in (*prompts, *options)}
    prompt = inline_html(question.prompt)
    return {
        "id": f"q{question.question_id}",
        "kind": question.kind,
        "prompt": prompt,
        "plain": " ".join(unescape(_TAGS.sub(" ", prompt)).split())[:500],
        "points": str(question.points),
        "content": {
            name: [{**one, "id": ids[one["id"]]} for one in values]
            for name, values in question.content.items()
        },
        "key": _key(question.key, ids),
        "names": _readable(texts),
        "texts": texts,
        "words": words(question),
        "why": inline_html(question.feedback) if question.feedback else "",
        "image": picture_name(question) if question.image_sha256 else None,
    }


def _chosen_from(content: Mapping[str, Any]) -> Sequence[Json]:
    found: Sequence[Json] = content.get("options") or content.get("areas") or []
    return found


def _short_names(ids: Sequence[str]) -> dict[str, str]:
    """One character each where they suffice: SCORM 1.2 names choices by a character, and space is short there. Options
    come in the order of their names in the bank, which chance has made: theirs would give the order of steps away."""
    if len(ids) <= len(_NAMES):
        return dict(zip(ids, _NAMES, strict=False))
    return {one: f"{_NAMES[at // 36]}{_NAMES[at % 36]}" for at, one in enumerate(ids)}


def _key(key: Mapping[str, Any], ids: Mapping[str, str]) -> Json:
    if "value" in key:
        value, off = Decimal(key["value"]), Decimal(key.get("tolerance") or 0)
        return {**key, "low": f"{value - off:f}", "high": f"{value + off:f}"}
    if "pairs" in key:
        return {"pairs": {ids[left]: ids[right] for left, right in key["pairs"].items()}}
    return {"id": ids[key["id"]]} if "id" in key else {"ids": [ids[one] for one in key["ids"]]}


def _readable(texts: Mapping[str, str]) -> dict[str, str]:
    """Names that a person who reads reports understands, for standards that allow longer ones."""
    found: dict[str, str] = {}
    for short, text in texts.items():
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        name = _UNUSUAL.sub("_", plain).strip("_")[:_LONGEST_NAME] or short
        found[short] = name if name not in found.values() else f"{name}_{short}"
    return found
