"""The grading scheme as a policy: letters, weights to begin with, incompletes, and what counts in the GPA.

Lists are typed as lines, `A 90 4` and `Quizzes 30 drop 1`, and kept as records.
"""

import re
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from app.rules.grades import HIGHEST_POINTS, Letter, Scheme, default_scheme

LETTER = re.compile(r"[A-Z][A-Z+\-]{0,3}")
_CATEGORY = re.compile(r"(.+?)\s+(\d{1,3}(?:\.\d{1,2})?)%?(?:\s+drop\s+(\d{1,2}))?", re.IGNORECASE)
_DEFAULT = default_scheme()


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LetterGrade(_Record):
    """A letter, from how many percent it is given, and its points."""

    letter: Annotated[str, Field(max_length=4)]
    minimum_pct: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
    points: Annotated[Decimal, Field(ge=0, le=4, max_digits=3, decimal_places=2)]

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = value.replace("%", "").split()
        if len(parts) != 3:
            raise ValueError(
                f"“{value}” is not a letter with its percent and points. Write one such as A 90 4."
            )
        try:
            return {"letter": parts[0], "minimum_pct": Decimal(parts[1]), "points": Decimal(parts[2])}
        except InvalidOperation:
            raise ValueError(f"“{value}” needs two numbers behind the letter, such as A 90 4.") from None

    def __str__(self) -> str:
        return f"{self.letter} {_plain(self.minimum_pct)} {_plain(self.points)}"

    @property
    def shown(self) -> str:
        """The grade for people to read: `A from 90% (4 points)`."""
        noun = "point" if self.points == 1 else "points"
        return f"{self.letter} from {_plain(self.minimum_pct)}% ({_plain(self.points)} {noun})"


class CategoryDefault(_Record):
    """A category that a new grade book begins with."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    weight_pct: Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]
    drop_lowest: Annotated[int, Field(ge=0, le=20)] = 0

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _CATEGORY.fullmatch(value.strip())
        if found is None:
            raise ValueError(
                f"“{value}” is not a category with its weight. Write one such as Quizzes 30 drop 1."
            )
        return {"name": found[1], "weight_pct": Decimal(found[2]), "drop_lowest": int(found[3] or 0)}

    def __str__(self) -> str:
        dropped = f" drop {self.drop_lowest}" if self.drop_lowest else ""
        return f"{self.name} {_plain(self.weight_pct)}{dropped}"

    @property
    def shown(self) -> str:
        """The category for people to read: `Quizzes 30% (lowest 1 dropped)`."""
        dropped = f" (lowest {self.drop_lowest} dropped)" if self.drop_lowest else ""
        return f"{self.name} {_plain(self.weight_pct)}%{dropped}"


def _lines(value: Any) -> Any:
    """Typed lines as a list; what is a list of records already stays."""
    parts = value if isinstance(value, list | tuple) else [value]
    found: list[Any] = []
    for part in parts:
        found += (
            [line for line in re.split(r"[\n;]", part) if line.strip()] if isinstance(part, str) else [part]
        )
    return found


class GradingPolicy(BaseModel):
    """How work is graded, and what counts in the GPA."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    letters: Annotated[list[LetterGrade], BeforeValidator(_lines), Field(min_length=2, max_length=20)] = [
        LetterGrade(letter=one.name, minimum_pct=one.minimum_pct, points=one.points)
        for one in _DEFAULT.letters
    ]
    """The letters, the highest first; the last begins at 0 percent."""
    pass_mark_pct: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] = (
        _DEFAULT.pass_mark_pct
    )
    """From how many percent a class is passed."""
    categories: Annotated[
        list[CategoryDefault], BeforeValidator(_lines), Field(min_length=1, max_length=12)
    ] = [
        CategoryDefault(name="Quizzes", weight_pct=Decimal(30), drop_lowest=1),
        CategoryDefault(name="Practical exams", weight_pct=Decimal(40)),
        CategoryDefault(name="Final exam", weight_pct=Decimal(30)),
    ]
    """What a new grade book begins with."""
    incomplete_days: Annotated[int, Field(ge=1, le=366)] = _DEFAULT.incomplete_days
    """How long unfinished work may be finished."""
    incomplete_becomes: Annotated[str, Field(max_length=4)] = _DEFAULT.incomplete_becomes
    """The letter that an incomplete becomes when its time is over."""
    repeats: Literal["latest", "best", "all"] = _DEFAULT.repeats
    """Which grade counts when a course is taken again."""
    withdrawn_letter: Annotated[str, Field(max_length=4)] = _DEFAULT.withdrawn
    """The letter of a student who left; outside the GPA."""
    incomplete_letter: Annotated[str, Field(max_length=4)] = _DEFAULT.incomplete
    """The letter while work may be finished; outside the GPA."""
    transfer_letter: Annotated[str, Field(max_length=4)] = _DEFAULT.transfer
    """The letter for credit from another school; outside the GPA."""
    passed_letter: Annotated[str, Field(max_length=4)] = _DEFAULT.passed
    """The letter of a class passed without a grade; outside the GPA."""

    @field_validator("letters")
    @classmethod
    def _in_order(cls, letters: list[LetterGrade]) -> list[LetterGrade]:
        for one in letters:
            _letter(one.letter)
        if len({one.letter for one in letters}) != len(letters):
            raise ValueError("Each letter stands once.")
        for higher, lower in pairwise(letters):
            if higher.minimum_pct <= lower.minimum_pct or higher.points < lower.points:
                raise ValueError(
                    f"{higher.letter} stands above {lower.letter}, so it needs a higher percentage and no fewer points."
                )
        if letters[-1].minimum_pct != 0:
            raise ValueError("The last letter begins at 0 percent, so that every grade has one.")
        if letters[0].points > HIGHEST_POINTS:
            raise ValueError("Points are at most 4.")
        return letters

    @field_validator("categories")
    @classmethod
    def _whole(cls, categories: list[CategoryDefault]) -> list[CategoryDefault]:
        total = sum(one.weight_pct for one in categories)
        if total != 100:
            raise ValueError(f"The weights add up to {_plain(Decimal(total))}, and must add up to 100.")
        if len({one.name.casefold() for one in categories}) != len(categories):
            raise ValueError("Each category needs a name of its own.")
        return categories

    @field_validator("withdrawn_letter", "incomplete_letter", "transfer_letter", "passed_letter")
    @classmethod
    def _known(cls, name: str) -> str:
        return _letter(name)

    @model_validator(mode="after")
    def _apart(self) -> "GradingPolicy":
        counted = [one.letter for one in self.letters]
        others = [self.withdrawn_letter, self.incomplete_letter, self.transfer_letter, self.passed_letter]
        if len({*counted, *others}) != len(counted) + 4:
            raise ValueError(
                "The letters for withdrawn, incomplete, transfer and passed differ from each other and from the grades."
            )
        if self.incomplete_becomes not in counted:
            raise ValueError(f"An incomplete becomes one of these letters: {', '.join(counted)}.")
        return self

    def scheme(self) -> Scheme:
        """The values as the rules take them."""
        return Scheme(
            letters=tuple(Letter(one.letter, one.minimum_pct, one.points) for one in self.letters),
            pass_mark_pct=self.pass_mark_pct,
            withdrawn=self.withdrawn_letter,
            incomplete=self.incomplete_letter,
            transfer=self.transfer_letter,
            passed=self.passed_letter,
            incomplete_days=self.incomplete_days,
            incomplete_becomes=self.incomplete_becomes,
            repeats=self.repeats,
        )


def _letter(name: str) -> str:
    if LETTER.fullmatch(name) is None:
        raise ValueError(f"“{name}” is not a letter grade. Use capital letters with + or -, four at most.")
    return name


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
