"""How a question did: who got it right, what was chosen, and whether it tells those who know more from the others."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

FEWEST = 20
"""Below so many answers a discrimination is chance and is not given."""


@dataclass(frozen=True, slots=True)
class Given:
    """One student's answer to a question: what it earned of it, and what the rest of the quiz earned."""

    credit: Fraction
    rest: Fraction
    choices: tuple[str, ...]
    """What was chosen, for the count of choices."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A question's figures. Shares are 0 to 1."""

    answers: int
    correct: Fraction | None
    """Share of answers that were wholly right; None without an answer."""
    mean: Fraction | None
    choices: Mapping[str, int]
    discrimination: float | None
    """Correlation of the question with the rest of the quiz, -1 to 1; None below 20 answers or where one of the two is
    the same for everybody."""


def figures(given: Sequence[Given]) -> Figures:
    """What all answers to a question come to."""
    count = len(given)
    if not count:
        return Figures(0, None, None, {}, None)
    chosen = Counter(choice for one in given for choice in one.choices)
    return Figures(
        count,
        Fraction(sum(one.credit == 1 for one in given), count),
        sum((one.credit for one in given), Fraction(0)) / count,
        dict(chosen),
        _correlation([one.credit for one in given], [one.rest for one in given]) if count >= FEWEST else None,
    )


def _correlation(some: Sequence[Fraction], others: Sequence[Fraction]) -> float | None:
    count = len(some)
    mean, other_mean = sum(some, Fraction(0)) / count, sum(others, Fraction(0)) / count
    together = sum(((a - mean) * (b - other_mean) for a, b in zip(some, others, strict=True)), Fraction(0))
    spread = sum(((a - mean) ** 2 for a in some), Fraction(0))
    other_spread = sum(((b - other_mean) ** 2 for b in others), Fraction(0))
    if not spread or not other_spread:
        return None
    return max(-1.0, min(1.0, float(together) / math.sqrt(float(spread) * float(other_spread))))


def choices_of(
    kind: str, content: Mapping[str, Any], answer: Mapping[str, Any] | None, area: str | None
) -> tuple[str, ...]:
    """What an answer chose, in words for a chart; `area` is the area of a picture that was hit."""
    if not answer:
        return ()
    if kind == "numeric":
        return (str(answer.get("value", ""))[:40],)
    if kind == "hotspot":
        labels = {one["id"]: one["label"] for one in content["areas"]}
        return (labels.get(area or "", "elsewhere"),)
    if kind == "match":
        pairs = answer.get("pairs")
        prompts = {one["id"]: one["text"] for one in content["prompts"]}
        options = {one["id"]: one["text"] for one in content["options"]}
        given = pairs.items() if isinstance(pairs, Mapping) else ()
        return tuple(f"{prompts[a]} → {options[b]}" for a, b in given if a in prompts and b in options)
    texts = {one["id"]: one["text"] for one in content["options"]}
    if kind == "choice":
        return tuple(texts[one] for one in [answer.get("id")] if one in texts)
    ids = answer.get("ids")
    known = [texts[one] for one in ids if one in texts] if isinstance(ids, list) else []
    return (" → ".join(known),) if kind == "order" and known else tuple(known)
