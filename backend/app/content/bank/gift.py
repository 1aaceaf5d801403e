"""Questions in GIFT, the text form that Moodle made and that many systems export.

What is read: one and several right answers, true or false, numbers with a tolerance or a range, and matching; titles,
comments, categories and the general explanation are understood. Of a text in HTML, as Moodle exports them, the words
are taken. Everything else is refused with its line: short answers and essays cannot be graded here, and answers that
are worth a part of the points have no meaning here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.content.bank.markup import MarkupError, words_of
from app.rules.quizzes import number_of

MOST_QUESTIONS = 500
_LONGEST = 30_000
"""Characters of a question with its answers."""
_SIGNS = {chr(0xE000 + place): sign for place, sign in enumerate("~=#{}:\\")}
"""What stands for a sign that was written behind a backslash: characters that no text has."""
_STANDS_FOR = {sign: stands_for for stands_for, sign in _SIGNS.items()}
_ESCAPED = re.compile(r"\\([~=#{}:\\])")
_TITLE = re.compile(r"\A\s*::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"\A\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|br|div|em|i|img|li|ol|p|span|strong|su[bp]|table|t[dhr]|u|ul|video|audio|iframe|script)"
    r"(?:\s+[\w-]+=(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+))*\s*/?>",
    re.IGNORECASE,
)
"""A tag, and no comparison: `x<b and c>2` has none."""
_ANSWER = re.compile(r"([=~])((?:[^=~])*)")
_WEIGHT = re.compile(r"\A\s*%(-?\d{1,3}(?:\.\d{1,5})?)%", re.ASCII)


class GiftError(ValueError):
    """What cannot be taken over, as a sentence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question of the file. With `problem`, a sentence, it cannot be taken over."""

    line: int
    """Where it begins, from 1."""
    prompt: str
    kind: str = ""
    lines: str = ""
    value: str = ""
    tolerance: str = ""
    feedback: str = ""
    problem: str = ""


def read(text: str) -> list[Draft]:
    """The questions of a file, in its order, those that cannot be taken over among them."""
    return [_draft(line, block) for line, block in _blocks(text)]


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Pieces between empty lines, each with the number of its first line; comments and categories left out."""
    first, lines, open_braces = 0, [], 0
    every = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*every, ""], start=1):
        plain = line.strip()
        if plain.startswith("//") or plain.upper().startswith("$CATEGORY:"):
            continue
        if plain:
            first = first or number
            lines.append(line)
            hidden = _hidden(line)
            open_braces += hidden.count("{") - hidden.count("}")
        # An empty line within the braces does not end a question.
        elif lines and (number > len(every) or open_braces <= 0):
            yield first, "\n".join(lines)
            first, lines, open_braces = 0, [], 0
    if lines:
        yield first, "\n".join(lines)


def _hidden(text: str) -> str:
    """The text with its escaped signs as signs that mean nothing."""
    return _ESCAPED.sub(lambda found: _STANDS_FOR[found[1]], text)


def _is_html(text: str, inherited: bool = False) -> bool:
    """Whether a part is marked as HTML; one without a mark is as the question is."""
    marked = _FORMAT.match(text)
    return marked[1].lower() == "html" if marked else inherited


def _shown(text: str, html: bool = False) -> str:
    """The text of a part, as people read it; `html` says whether the question is in HTML."""
    html = _is_html(text, html)
    text = _FORMAT.sub("", text)
    text = text.replace("\\n", "\n")
    for stands_for, sign in _SIGNS.items():
        text = text.replace(stands_for, sign)
    if html:
        try:
            text = words_of(text)
        except MarkupError as found:
            raise GiftError(f"It has HTML that can’t be imported: {found}. Take it out.") from None
    elif _TAG.search(text):
        raise GiftError("It has HTML tags. Take them out, or write [html] before the question.")
    return "\n".join(line.strip() for line in text.strip().split("\n") if line.strip())


def _draft(line: int, block: str) -> Draft:
    if len(block) > _LONGEST:
        words = " ".join(block[:400].split())[:200]
        return Draft(line, words, problem=f"It has more than {_LONGEST:,} characters. Is a brace }} missing?")
    hidden = _hidden(block)
    title = _TITLE.match(hidden)
    rest = hidden[title.end() :] if title else hidden
    prompt = rest
    try:
        start, end = rest.find("{"), rest.rfind("}")
        if start < 0 or end < start:
            raise GiftError("It has no answers in braces: { … }.")
        prompt = rest[:start]
        if rest[end + 1 :].strip():
            raise GiftError("The answers stand in the middle of a sentence. Put them at its end.")
        asked = _shown(prompt)
        if not asked:
            raise GiftError("It has no question text before the answers.")
        html = _is_html(prompt)
        body, _, feedback = rest[start + 1 : end].partition("####")
        return _answers(line, asked, body.strip(), _shown(feedback, html), html)
    except GiftError as problem:
        words = " ".join((title[1] if title and not prompt.strip() else prompt).split())
        return Draft(line, "".join(_SIGNS.get(sign, sign) for sign in words)[:200], problem=str(problem))


def _answers(line: int, prompt: str, body: str, feedback: str, html: bool) -> Draft:
    if not body:
        raise GiftError("It is an essay, which isn’t supported here. Make it an assignment.")
    plain = body.partition("#")[0].strip().upper()
    if plain in ("T", "TRUE", "F", "FALSE"):
        right = plain.startswith("T")
        lines = "* True\nFalse" if right else "True\n* False"
        return Draft(line, prompt, "choice", lines, feedback=feedback)
    if body.startswith("#"):
        value, tolerance = _number(body[1:].strip())
        return Draft(line, prompt, "numeric", value=value, tolerance=tolerance, feedback=feedback)
    found = [(sign, text.strip()) for sign, text in _ANSWER.findall(body)]
    if not found or body[0] not in "=~":
        raise GiftError("Its answers begin with neither = nor ~.")
    if all(sign == "=" and "->" in text for sign, text in found):
        return Draft(line, prompt, "match", _pairs([text for _, text in found], html), feedback=feedback)
    if all(sign == "=" for sign, _ in found):
        raise GiftError(
            "It asks for a short answer in words, which isn’t supported here. Give it wrong answers too, with ~."
        )
    kind, lines = _options(found, html)
    return Draft(line, prompt, kind, lines, feedback=feedback)


def _number(text: str) -> tuple[str, str]:
    """Value and tolerance of `3.14:0.05`, `1..5`, `12`, or `=%100%12:0.1#comment` as Moodle writes them."""
    if text.startswith("="):
        text = _right_number(text)
    text = "".join(_SIGNS.get(sign, sign) for sign in text.partition("#")[0]).strip()
    low, dots, high = text.partition("..")
    if dots:
        ends = [number_of(one.strip()) for one in (low, high)]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            raise GiftError("The range isn’t valid: write the lower and the higher number, such as {#1..5}.")
        middle = (ends[0] + ends[1]) / Decimal(2)
        return str(middle), str(ends[1] - middle)
    value, _, tolerance = text.partition(":")
    if number_of(value.strip()) is None or number_of(tolerance.strip() or "0") is None:
        raise GiftError("Its answer isn’t a number. Write it as {#12.5:0.1}.")
    return value.strip(), tolerance.strip()


def _right_number(text: str) -> str:
    """The only number that is right; what is said to every other one may follow it."""
    several = GiftError("Its number has several answers, or is worth a part of the points. Keep one.")
    given = [(sign, answer.strip()) for sign, answer in _ANSWER.findall(text)]
    right: list[str] = [answer for sign, answer in given if sign == "="]
    if len(right) != 1 or any(sign == "~" and answer.partition("#")[0] for sign, answer in given):
        raise several
    answer = right[0]
    weight = _WEIGHT.match(answer)
    if weight is None:
        return answer
    if Decimal(weight[1]) != 100:
        raise several
    return answer[weight.end() :]


def _pairs(answers: list[str], html: bool) -> str:
    lines = []
    for answer in answers:
        left, _, right = answer.partition("->")
        asked, option = (_one_line(part.partition("#")[0], html) for part in (left, right))
        if "=" in asked:
            raise GiftError("What is matched has an equals sign in it. Write it in words.")
        lines.append(f"{asked} = {option}")
    return "\n".join(lines)


def _options(found: list[tuple[str, str]], html: bool) -> tuple[str, str]:
    """The kind and the lines of answers with one or several right ones."""
    weights, texts = [], []
    for sign, answer in found:
        weight = _WEIGHT.match(answer)
        text = _one_line((answer[weight.end() :] if weight else answer).partition("#")[0], html)
        if text.startswith("*"):
            raise GiftError(
                "An answer begins with an asterisk, which marks right answers here. Write it otherwise."
            )
        weights.append(Decimal(weight[1]) if weight else Decimal(100) if sign == "=" else Decimal(0))
        texts.append(text)
    right = [weight for weight in weights if weight > 0]
    if len(right) == 1 and right[0] < 100:
        raise GiftError("No answer is worth full points.")
    if len(right) > 1 and (max(right) - min(right) > 1 or max(right) == 100):
        raise GiftError("Its answers are worth different parts of the points, which has no meaning here.")
    lines = [f"{'* ' if weight > 0 else ''}{text}" for weight, text in zip(weights, texts, strict=True)]
    return "multiple" if len(right) > 1 else "choice", "\n".join(lines)


def _one_line(text: str, html: bool) -> str:
    return " ".join(_shown(text, html).split())
