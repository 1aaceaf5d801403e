"""Letters, grade points and the grade point average on the 4.0 scale, exact.

A school's scheme says from how many percent a letter is given, how many points it is worth, and which letters stand
for no grade at all: withdrawn, incomplete, transferred, passed. Schemes change; a grade is read by the one in force
on its day, so a grade comes here with the points that scheme gave it. GNPEC asks for grades by course and the GPA, if
a school has one (Standard 5), and for the scheme in the catalog (Standard 4); the numbers are the school's.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

HIGHEST_POINTS = Decimal(4)
Repeats = Literal["latest", "best", "all"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, from how many percent it is given, and what it is worth on the 4.0 scale."""

    name: str
    minimum_pct: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Scheme:
    """A grading scheme. `letters` begin with the highest; the last begins at 0 percent."""

    letters: tuple[Letter, ...]
    pass_mark_pct: Decimal
    withdrawn: str
    incomplete: str
    transfer: str
    passed: str
    incomplete_days: int
    incomplete_becomes: str
    repeats: Repeats

    @property
    def uncounted(self) -> dict[str, str]:
        """The letters outside the GPA, each with what it stands for."""
        return {
            self.withdrawn: "Withdrawn",
            self.incomplete: "Incomplete",
            self.transfer: "Transfer credit",
            self.passed: "Passed, without a grade",
        }

    @property
    def names(self) -> list[str]:
        """Every letter that a final grade may be, the counted ones first."""
        return [*(letter.name for letter in self.letters), *self.uncounted]

    def letter_for(self, percent: Decimal) -> Letter:
        """The letter of a percentage. Raises ValueError for one outside 0 to 100."""
        if not percent.is_finite() or not 0 <= percent <= 100:
            raise ValueError("A grade lies between 0 and 100 percent.")
        return next(letter for letter in self.letters if percent >= letter.minimum_pct)

    def points_of(self, name: str) -> Decimal | None:
        """What a letter is worth; None for one outside the GPA. Raises ValueError for one that the scheme lacks."""
        if name in self.uncounted:
            return None
        for letter in self.letters:
            if letter.name == name:
                return letter.points
        raise ValueError(f"“{name}” is not in the grading scheme. Use one of these: {', '.join(self.names)}.")

    def passes(self, name: str) -> bool:
        """Whether a letter passes the class: its percentages begin at the pass mark or above, or it stands for that."""
        if name in (self.transfer, self.passed):
            return True
        return any(
            letter.name == name and letter.minimum_pct >= self.pass_mark_pct for letter in self.letters
        )

    def after_deadline(self, name: str, complete_by: date | None, today: date) -> str:
        """The letter as it stands: an incomplete becomes the scheme's default once its date is over."""
        if name == self.incomplete and complete_by is not None and today > complete_by:
            return self.incomplete_becomes
        return name


def percent(value: Fraction) -> Decimal:
    """An exact share of 100 as a percentage with two decimals, rounded half-up: the one place where it is rounded."""
    return rounded(value * 100)


def rounded(value: Fraction) -> Decimal:
    """An exact number to two decimals, half-up."""
    hundredths = (value * 100 + Fraction(1, 2)).__floor__()
    return Decimal(hundredths).scaleb(-2)


@dataclass(frozen=True, slots=True)
class CourseGrade:
    """A final grade as the average needs it.

    `course` is what makes another try a repeat of the same; `points` are those of the scheme of its day, None for a
    letter outside the GPA; `weight` are credits or clock hours; `number` orders grades of one day.
    """

    course: Hashable
    title: str
    letter: str
    points: Decimal | None
    weight: Decimal
    graded_on: date
    number: int


@dataclass(frozen=True, slots=True)
class Gpa:
    """The average to two decimals (None without a counted grade), and which grades it is of."""

    value: Decimal | None
    counted: tuple[CourseGrade, ...]
    left_out: tuple[tuple[CourseGrade, str], ...]
    """Grades outside the average, each with the reason."""

    @property
    def explanation(self) -> str:
        """How it was computed, in sentences."""
        if self.value is None:
            return "No final grade counts toward the GPA yet."
        terms = " + ".join(
            f"{_plain(one.points)} × {_plain(one.weight)}" for one in self.counted if one.points is not None
        )
        weights = sum((one.weight for one in self.counted), Decimal(0))
        return f"({terms}) ÷ {_plain(weights)} = {self.value}."


def average(grades: Iterable[CourseGrade], repeats: Repeats) -> Gpa:
    """The GPA: the mean of the points by weight, exact, rounded half-up once at the end.

    Of several grades for one course the policy for repeats takes the latest or the best, or all of them. Grades
    without points (withdrawn, incomplete, transfer, passed) and of weight 0 are left out.
    """
    in_order = sorted(grades, key=lambda one: (one.graded_on, one.number))
    counted, left_out = [], []
    for one in in_order:
        if one.points is None:
            left_out.append((one, "This letter does not count toward the GPA."))
        elif one.weight <= 0:
            left_out.append((one, "This class does not count toward the GPA."))
        else:
            counted.append(one)
    if repeats != "all":
        kept = _one_a_course(counted, repeats)
        why = (
            "A later grade for the same course counts."
            if repeats == "latest"
            else "A better grade for the same course counts."
        )
        left_out += [(one, why) for one in counted if one not in kept]
        counted = kept
    weights = sum((Fraction(one.weight) for one in counted), Fraction(0))
    if not weights:
        return Gpa(None, (), tuple(left_out))
    points = sum((Fraction(one.points or 0) * Fraction(one.weight) for one in counted), Fraction(0))
    return Gpa(rounded(points / weights), tuple(counted), tuple(left_out))


def _one_a_course(in_order: Sequence[CourseGrade], repeats: Repeats) -> list[CourseGrade]:
    chosen: dict[Hashable, CourseGrade] = {}
    for one in in_order:
        former = chosen.get(one.course)
        if former is None or repeats == "latest" or (one.points or 0) >= (former.points or 0):
            chosen[one.course] = one
    return [one for one in in_order if chosen[one.course] is one]


def _plain(value: Decimal | None) -> str:
    return "0" if value is None else f"{value.normalize():f}"


def default_scheme() -> Scheme:
    """The scheme that a school begins with until it sets its own."""
    letters = (("A", "90", "4"), ("B", "80", "3"), ("C", "70", "2"), ("D", "60", "1"), ("F", "0", "0"))
    return Scheme(
        letters=tuple(Letter(name, Decimal(least), Decimal(worth)) for name, least, worth in letters),
        pass_mark_pct=Decimal(70),
        withdrawn="W",
        incomplete="I",
        transfer="TR",
        passed="P",
        incomplete_days=30,
        incomplete_becomes="F",
        repeats="latest",
    )
