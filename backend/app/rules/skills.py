"""Skills check-offs: what a rubric asks for, whether an attempt passes, and when a skill is passed.

GNPEC asks for a list of skills with the tool they are graded by. A rubric is that tool: criteria with levels, each
worth whole points. A criterion that is only done or not done has two levels, worth 0 and 1 point.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

MOST_CRITERIA = 60
MOST_LEVELS = 6
MOST_POINTS = 100
MOST_PASSES = 20
LONGEST_CRITERION = 300
LONGEST_LEVEL = 40
CRITICAL = "!"
"""What a line of a rubric begins with when missing it fails the attempt."""


@dataclass(frozen=True, slots=True)
class Level:
    """How well a criterion was met, and the points for it."""

    label: str
    points: int


NOT_DONE, DONE = Level("Not done", 0), Level("Done", 1)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One step or quality that is looked at. Missing a critical one, by 0 points, fails the attempt."""

    text: str
    levels: tuple[Level, ...] = (NOT_DONE, DONE)
    critical: bool = False

    @property
    def possible(self) -> int:
        """The most points that it gives."""
        return max(level.points for level in self.levels)

    @property
    def is_step(self) -> bool:
        """Whether it is only done or not done."""
        return self.levels == (NOT_DONE, DONE)

    def level(self, points: int) -> Level:
        """The level that gives these points. Raises ValueError where none does."""
        found = next((level for level in self.levels if level.points == points), None)
        if found is None:
            scale = ", ".join(str(level.points) for level in self.levels)
            raise ValueError(f"{self.text}: {points} is outside the scale ({scale}).")
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt comes to. `missed` are the critical criteria that were missed."""

    points: int
    possible: int
    passed: bool
    missed: tuple[str, ...]
    sentence: str


def result_of(criteria: Sequence[Criterion], marks: Sequence[int], pass_pct: int) -> Result:
    """The result of an attempt with these points, one for each criterion, in order.

    It passes with `pass_pct` percent of the points and no critical criterion missed. Raises ValueError for points that
    are missing, too many, or outside the scale of their criterion.
    """
    if len(marks) != len(criteria):
        raise ValueError(f"Rate every criterion: {len(marks)} of {len(criteria)} are rated.")
    for criterion, points in zip(criteria, marks, strict=True):
        criterion.level(points)
    earned, possible = sum(marks), sum(one.possible for one in criteria)
    missed = tuple(
        one.text for one, points in zip(criteria, marks, strict=True) if one.critical and points == 0
    )
    enough = earned * 100 >= pass_pct * possible
    passed = enough and not missed
    percent = Fraction(earned * 100, possible) if possible else Fraction(0)
    sentence = f"{earned} of {possible} points ({float(percent):.1f}%); {pass_pct}% needed."
    if missed:
        sentence += f" Critical step missed: {'; '.join(missed)}."
    return Result(earned, possible, passed, missed, sentence)


class State(StrEnum):
    """How a skill stands for a student."""

    OPEN = "open"
    ATTEMPTED = "attempted"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a skill stands: the attempts that count, how many of them passed, how many must."""

    attempts: int
    passes: int
    required: int

    @property
    def state(self) -> State:
        """Passed with as many passes as are required; attempted once there is an attempt that counts."""
        if self.passes >= self.required:
            return State.PASSED
        return State.ATTEMPTED if self.attempts else State.OPEN


def fault(criteria: Sequence[Criterion], pass_pct: int, required_passes: int) -> str | None:
    """What is wrong with a rubric, in a sentence; None for one that can be used."""
    if not criteria:
        return "Enter at least one criterion: without one there is nothing to rate."
    if len(criteria) > MOST_CRITERIA:
        return f"A rubric has at most {MOST_CRITERIA} criteria, and this one has {len(criteria)}."
    if not 1 <= pass_pct <= 100:
        return "The points needed to pass lie between 1 and 100 percent."
    if not 1 <= required_passes <= MOST_PASSES:
        return f"A skill is passed with 1 to {MOST_PASSES} passed attempts."
    texts = [one.text.casefold() for one in criteria]
    for one in criteria:
        if texts.count(one.text.casefold()) > 1:
            return f"“{one.text}” is in the rubric twice."
        if found := _criterion_fault(one):
            return found
    return None


def _criterion_fault(one: Criterion) -> str | None:
    if not one.text or len(one.text) > LONGEST_CRITERION:
        return f"A criterion has 1 to {LONGEST_CRITERION} characters: “{one.text[:60]}”."
    if not 2 <= len(one.levels) <= MOST_LEVELS:
        return f"{one.text}: give it 2 to {MOST_LEVELS} levels."
    points = [level.points for level in one.levels]
    if any(not 0 <= value <= MOST_POINTS for value in points):
        return f"{one.text}: points lie between 0 and {MOST_POINTS}."
    if points != sorted(set(points)):
        return f"{one.text}: the points of the levels must rise from the first to the last."
    if any(not level.label or len(level.label) > LONGEST_LEVEL for level in one.levels):
        return f"{one.text}: each level needs a name of at most {LONGEST_LEVEL} characters."
    labels = {level.label.casefold() for level in one.levels}
    if len(labels) != len(one.levels):
        return f"{one.text}: two levels have the same name."
    if one.critical and points[0] != 0:
        return f"{one.text}: a critical criterion needs a level worth 0 points, or it cannot be missed."
    return None


# Rubrics as text: one criterion a line, as the form and the files have them.

_LEVELS = re.compile(r"(?P<text>.*?)\s*\[(?P<levels>[^\[\]]*)\]\s*")
_LEVEL = re.compile(r"(?P<label>.+?)\s+(?P<points>\d{1,3})", re.ASCII)


def parse(text: str) -> list[Criterion]:
    """The criteria in a text: one a line; `!` before a critical one; `[Poor 0, Good 2]` behind one with levels.

    Raises ValueError naming the line for levels that cannot be read.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = " ".join(line.split())
        if not words:
            continue
        critical = words.startswith(CRITICAL)
        words = words.removeprefix(CRITICAL).strip()
        match = _LEVELS.fullmatch(words)
        if match is None:
            found.append(Criterion(words, critical=critical))
        else:
            found.append(Criterion(match["text"], _levels(match["levels"], number), critical))
    return found


def _levels(text: str, line: int) -> tuple[Level, ...]:
    found = []
    for part in text.split(","):
        match = _LEVEL.fullmatch(part.strip())
        if match is None:
            raise ValueError(
                f"Line {line}: write each level as a name and its points, such as [Poor 0, Fair 1, Good 2]."
            )
        found.append(Level(match["label"], int(match["points"])))
    return tuple(found)


def written(criteria: Sequence[Criterion]) -> str:
    """The criteria as the text that `parse` reads."""
    lines = []
    for one in criteria:
        levels = (
            "" if one.is_step else f" [{', '.join(f'{level.label} {level.points}' for level in one.levels)}]"
        )
        lines.append(f"{CRITICAL + ' ' if one.critical else ''}{one.text}{levels}")
    return "\n".join(lines)


# Rubrics as a column has them.


def as_stored(criteria: Sequence[Criterion]) -> list[dict[str, Any]]:
    """A rubric as its row has it."""
    return [
        {
            "text": one.text,
            "critical": one.critical,
            "levels": [{"label": level.label, "points": level.points} for level in one.levels],
        }
        for one in criteria
    ]


def from_stored(stored: Sequence[Mapping[str, Any]]) -> list[Criterion]:
    """The rubric in a row."""
    return [
        Criterion(
            one["text"],
            tuple(Level(level["label"], level["points"]) for level in one["levels"]),
            one["critical"],
        )
        for one in stored
    ]
