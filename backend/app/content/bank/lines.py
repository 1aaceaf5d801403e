"""Questions as people type them, a line for each option, and as they are kept.

- choice, multiple: `* Washing hands` is right, `Wearing gloves` is not
- match: `Autoclave = heat`; a line `= cold` is an option that belongs to nothing
- order: the steps in the right order
- hotspot: `* Molar | 10 20 15 15`, a name and left, top, width and height in percent of the picture
- numeric has no lines but a value and a tolerance
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.errors import FieldError, Invalid
from app.rules.quizzes import number_of

MOST_LINES = 40
LONGEST_LINE = 500
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A question's options and its right answer, as they are kept."""

    content: Json
    key: Json


def parse(kind: str, lines: str, value: str = "", tolerance: str = "") -> Parsed:
    """What was typed, as it is kept. Raises Invalid at the field with a sentence."""
    if kind == "numeric":
        return _numeric(value, tolerance)
    typed = [line.strip() for line in lines.split("\n") if line.strip()]
    if len(typed) < 2:
        raise _wrong("Write at least two lines, one for each option.")
    if len(typed) > MOST_LINES or any(len(line) > LONGEST_LINE for line in typed):
        raise _wrong(f"Write at most {MOST_LINES} lines of {LONGEST_LINE} characters.")
    readers = {"match": _match, "order": _order, "hotspot": _hotspot}
    return readers.get(kind, _marked(kind))(typed)


def _marked(kind: str) -> Callable[[Sequence[str]], Parsed]:
    def read(typed: Sequence[str]) -> Parsed:
        marks = [_mark(line) for line in typed]
        _distinct([text for _, text in marks])
        options = [_option(text) for _, text in marks]
        right = [option["id"] for option, (marked, _) in zip(options, marks, strict=True) if marked]
        if not right:
            raise _wrong("Mark what is right with an asterisk at the beginning of its line: * Washing hands.")
        if kind == "choice" and len(right) > 1:
            raise _wrong("Mark one line only, or choose the kind with several right answers.")
        return Parsed({"options": options}, {"id": right[0]} if kind == "choice" else {"ids": right})

    return read


def _numeric(value: str, tolerance: str) -> Parsed:
    number, off = number_of(value), number_of(tolerance or "0")
    if number is None:
        raise _wrong("Enter the right number, such as 12.5.", "value")
    if off is None or off < 0:
        raise _wrong("Enter by how much an answer may be off, such as 0.1, or leave it empty.", "tolerance")
    return Parsed({}, {"value": str(number), "tolerance": str(off)})


def _match(typed: Sequence[str]) -> Parsed:
    if any("=" not in line for line in typed):
        raise _wrong("Write each line as a pair: Autoclave = heat.")
    pairs = [(left.strip(), right.strip()) for left, _, right in (line.partition("=") for line in typed)]
    if any(not right for _, right in pairs):
        raise _wrong("Each line needs something after the equals sign.")
    asked = [left for left, _ in pairs if left]
    if len(asked) < 2:
        raise _wrong("Write at least two pairs.")
    _distinct(asked)
    options = {text: _option(text) for text in dict.fromkeys(right for _, right in pairs)}
    prompts = {text: _option(text) for text in asked}
    key = {prompts[left]["id"]: options[right]["id"] for left, right in pairs if left}
    return Parsed({"prompts": list(prompts.values()), "options": list(options.values())}, {"pairs": key})


def _order(typed: Sequence[str]) -> Parsed:
    _distinct(typed)
    options = [_option(text) for text in typed]
    return Parsed({"options": options}, {"ids": [option["id"] for option in options]})


def _hotspot(typed: Sequence[str]) -> Parsed:
    areas: list[Json] = []
    right: list[str] = []
    for line in typed:
        marked, rest = _mark(line)
        label, _, where = rest.rpartition("|")
        numbers = [number_of(one) for one in where.split()]
        if not label.strip() or len(numbers) != 4 or any(one is None for one in numbers):
            raise _wrong(
                f"“{line[:60]}” is not an area. Write a name and four numbers: * Molar | 10 20 15 15."
            )
        left, top, width, height = (float(one or 0) for one in numbers)
        if not (0 <= left <= left + width <= 100 and 0 <= top <= top + height <= 100 and width * height > 0):
            raise _wrong(f"“{line[:60]}” is not within the picture: the numbers are percent, 0 to 100.")
        area = {"id": _name(), "label": label.strip(), "x": left, "y": top, "width": width, "height": height}
        areas.append(area)
        if marked:
            right.append(str(area["id"]))
    _distinct([area["label"] for area in areas])
    if not right:
        raise _wrong("Mark the right area with an asterisk at the beginning of its line.")
    return Parsed({"areas": areas}, {"ids": right})


def corrected(kind: str, content: Mapping[str, Any], again: Parsed) -> Parsed:
    """A corrected key in the words of what was asked, so that answers which were given can be graded by it.

    Raises Invalid where the options are no longer the same: that is another question.
    """
    if kind == "numeric":
        return again
    lists = {"match": ("prompts", "options"), "hotspot": ("areas",)}.get(kind, ("options",))
    known: dict[str, str] = {}
    for name in lists:
        was = {_text(one): one["id"] for one in content[name]}
        now = {_text(one): one["id"] for one in again.content[name]}
        if set(was) != set(now):
            raise _wrong(
                "To correct the key, leave the options as they are and change only which are right. Students have "
                "answered the question as it was."
            )
        known |= {now[text]: was[text] for text in now}
    key = again.key
    fixed: Json = {}
    if "id" in key:
        fixed["id"] = known[key["id"]]
    if "ids" in key:
        fixed["ids"] = [known[one] for one in key["ids"]]
    if "pairs" in key:
        fixed["pairs"] = {known[left]: known[right] for left, right in key["pairs"].items()}
    if kind != "hotspot":
        return Parsed(dict(content), fixed)
    return Parsed({"areas": [{**one, "id": known[one["id"]]} for one in again.content["areas"]]}, fixed)


def as_lines(kind: str, content: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    """The lines from which `parse` makes the same question."""
    if kind == "numeric":
        return ""
    if kind == "match":
        by_id = {one["id"]: one["text"] for one in content["options"]}
        lines = [f"{one['text']} = {by_id[key['pairs'][one['id']]]}" for one in content["prompts"]]
        needed = set(key["pairs"].values())
        return "\n".join([*lines, *(f"= {by_id[one]}" for one in by_id if one not in needed)])
    if kind == "order":
        by_id = {one["id"]: one["text"] for one in content["options"]}
        return "\n".join(by_id[one] for one in key["ids"])
    right = {key["id"]} if "id" in key else set(key["ids"])
    if kind == "hotspot":
        return "\n".join(
            f"{'* ' if one['id'] in right else ''}{one['label']} | "
            + " ".join(f"{Decimal(str(one[name])).normalize():f}" for name in ("x", "y", "width", "height"))
            for one in content["areas"]
        )
    return "\n".join(f"{'* ' if one['id'] in right else ''}{one['text']}" for one in content["options"])


def _mark(line: str) -> tuple[bool, str]:
    marked = line.startswith("*")
    text = line[1:].strip() if marked else line
    if not text:
        raise _wrong("One line has an asterisk and nothing after it.")
    return marked, text


def _option(text: str) -> Json:
    return {"id": _name(), "text": text}


def _name() -> str:
    # By chance: a name that counts up would say in which order steps belong.
    return secrets.token_hex(4)


def _text(one: Mapping[str, Any]) -> str:
    return str(one["label"] if "label" in one else one["text"])


def _distinct(texts: Sequence[str]) -> None:
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise _wrong(f"“{twice[:60]}” is listed twice.")


def _wrong(sentence: str, field: str = "lines") -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
