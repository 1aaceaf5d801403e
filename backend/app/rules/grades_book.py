"""The grade of a student in a class, from scores, categories and weights: exact, with its derivation.

Within a category the points earned are divided by the points possible; the categories are averaged by their weights,
over those that have a score. The result is rounded half-up to two decimals once, and the letter is that of the
rounded number, so that nobody reads 90.00% beside a B.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.rules.grades import Scheme, percent

WHOLE = Decimal(100)


class State(StrEnum):
    """What a score says of the work."""

    GRADED = "graded"
    LATE = "late"
    """Graded, and handed in late; the points count as they are."""
    MISSING = "missing"
    """Not handed in: counts 0."""
    EXCUSED = "excused"
    """Left out of the grade."""
    INCOMPLETE = "incomplete"
    """Left out until its date is over; then it counts 0."""


@dataclass(frozen=True, slots=True)
class Category:
    """A part of the grade: its weight in percent, and how many of its lowest scores are dropped."""

    key: int
    name: str
    weight_pct: Decimal
    drop_lowest: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is graded. Items that are not published count for nobody yet."""

    key: int
    category: int
    name: str
    possible: Decimal
    published: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """A student's score for an item."""

    item: int
    points: Decimal | None
    state: State = State.GRADED
    complete_by: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A category in the derivation of a grade. `percent` is None while nothing counts."""

    category: Category
    earned: Decimal
    possible: Decimal
    percent: Decimal | None
    dropped: tuple[str, ...]
    """Names of the items whose scores were dropped."""
    left_out: tuple[str, ...]
    """Names of the items that were excused or may still be completed."""

    @property
    def sentence(self) -> str:
        """The category's part, in words."""
        if self.percent is None:
            return f"{self.category.name}: nothing graded yet, so its weight is shared by the others."
        parts = f"{_plain(self.earned)} of {_plain(self.possible)} points, {_plain(self.percent)}%"
        dropped = f"; dropped: {', '.join(self.dropped)}" if self.dropped else ""
        return f"{self.category.name} (weight {_plain(self.category.weight_pct)}%): {parts}{dropped}."


@dataclass(frozen=True, slots=True)
class ClassGrade:
    """A grade with its derivation; `percent` and `letter` are None while nothing counts."""

    percent: Decimal | None
    letter: str | None
    lines: tuple[Line, ...]

    @property
    def explanation(self) -> str:
        """How the grade was computed, in sentences."""
        if self.percent is None:
            return "Nothing that counts has been graded yet."
        counted = [line for line in self.lines if line.percent is not None]
        terms = " + ".join(f"{_plain(one.percent)}% × {_plain(one.category.weight_pct)}" for one in counted)
        weights = sum((one.category.weight_pct for one in counted), Decimal(0))
        said = " ".join(line.sentence for line in self.lines)
        return f"{said} Together: ({terms}) ÷ {_plain(weights)} = {_plain(self.percent)}%, which is {self.letter}."


def class_grade(
    categories: Sequence[Category],
    items: Sequence[Item],
    scores: Iterable[Score],
    scheme: Scheme,
    today: date,
) -> ClassGrade:
    """The grade as it stands on a day."""
    known = {score.item: score for score in scores}
    lines, total, weights = [], Fraction(0), Fraction(0)
    for category in categories:
        counted: list[tuple[Item, Fraction]] = []
        left_out = []
        for item in items:
            score = known.get(item.key)
            if item.category != category.key or not item.published or score is None:
                continue
            earned = counts_as(score, today)
            if earned is None:
                left_out.append(item.name)
            else:
                counted.append((item, Fraction(earned)))
        kept = _kept(counted, category.drop_lowest)
        share = _share(kept)
        lines.append(
            Line(
                category,
                _decimal(sum((earned for _, earned in kept), Fraction(0))),
                sum((item.possible for item, _ in kept), Decimal(0)),
                None if share is None else percent(share),
                tuple(item.name for item, earned in counted if (item, earned) not in kept),
                tuple(left_out),
            )
        )
        if share is not None:
            total += share * Fraction(category.weight_pct)
            weights += Fraction(category.weight_pct)
    if not weights:
        return ClassGrade(None, None, tuple(lines))
    result = percent(total / weights)
    return ClassGrade(result, scheme.letter_for(result).name, tuple(lines))


def counts_as(score: Score, today: date) -> Decimal | None:
    """The points that a score counts on a day; None for one that is left out."""
    match score.state:
        case State.EXCUSED:
            return None
        case State.MISSING:
            return Decimal(0)
        case State.INCOMPLETE:
            return Decimal(0) if score.complete_by is not None and today > score.complete_by else None
        case _:
            return score.points


def weights_fault(categories: Sequence[Category]) -> str | None:
    """What is wrong with the weights, as a sentence; None when they add up to 100 percent."""
    total = sum((one.weight_pct for one in categories), Decimal(0))
    if total == WHOLE:
        return None
    off = f"{_plain(WHOLE - total)}% more" if total < WHOLE else f"{_plain(total - WHOLE)}% less"
    return f"The weights add up to {_plain(total)}%, and must add up to 100%: {off}."


def _kept(counted: Sequence[tuple[Item, Fraction]], drop: int) -> list[tuple[Item, Fraction]]:
    """The scores that count once the lowest are dropped: those that leave the student the highest share.

    Where items differ in points, dropping the lowest percentage may cost a student; the best choice never does
    (Dinkelbach's method, exact). One score always counts.
    """
    number = max(1, len(counted) - drop)
    kept = list(counted)
    if number >= len(counted):
        return kept
    share = Fraction(-1)
    while True:
        chosen = sorted(counted, key=lambda one: (share * Fraction(one[0].possible) - one[1], one[0].key))
        chosen = chosen[:number]
        found = _share(chosen)
        if found is None or found <= share:
            return [one for one in counted if one in kept]
        kept, share = chosen, found


def _share(kept: Sequence[tuple[Item, Fraction]]) -> Fraction | None:
    possible = sum((Fraction(item.possible) for item, _ in kept), Fraction(0))
    return sum((earned for _, earned in kept), Fraction(0)) / possible if possible else None


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _plain(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.normalize():f}"
