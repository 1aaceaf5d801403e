"""What skills look like going in and coming out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.datastructures import UploadFile

from app.db.models import SchoolClass, Skill, SkillVersion
from app.rules.skills import Criterion, Level, Standing, State, from_stored
from app.web.field_types import Day, Line, RecordId, Text, blank_is_none

MOST_SKILLS = 300
"""Skills in one program's list: a class's page shows them all."""


class SkillFields(BaseModel):
    """A skill and its rubric, as it is typed: one criterion a line."""

    section: Annotated[Line, Field(max_length=120)]
    name: Annotated[Line, Field(max_length=160)]
    criteria: Annotated[Text, Field(min_length=1)]
    pass_pct: Annotated[int, Field(ge=1, le=100, title="Points needed (%)")] = 80
    required_passes: Annotated[int, Field(ge=1, le=20, title="Passes needed")] = 1
    instructions: Annotated[
        Annotated[Text, Field(max_length=4_000)] | None, BeforeValidator(blank_is_none)
    ] = None


class SkillForm(SkillFields):
    """The same with the version that the person saw."""

    seen: int = 0


class MoveForm(BaseModel):
    """A place up or down in the list."""

    direction: Literal["up", "down"]


class ArchiveForm(BaseModel):
    """Out of the list, or back into it."""

    archived: Literal["yes", "no"]


class CheckOffForm(BaseModel):
    """An attempt as the evaluator rated it; the points of each criterion come as `mark-1`, `mark-2` and so on.

    `request` names this form, so that sent twice it is one attempt; `seen` is the newest attempt that the person saw.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    request: UUID
    version_id: RecordId
    seen: int = 0
    performed_on: Annotated[Day, Field(title="Date")]
    note: Annotated[Annotated[Text, Field(max_length=2_000)] | None, BeforeValidator(blank_is_none)] = None
    photo: Annotated[UploadFile | None, Field(title="Evidence photo"), WithJsonSchema({"type": "string"})] = (
        None
    )
    signature: Annotated[Annotated[str, Field(max_length=200_000)] | None, BeforeValidator(blank_is_none)] = (
        None
    )
    confirmed: bool = False
    following: Annotated[bool, Field(title="Next student")] = False


class VoidForm(BaseModel):
    """Why an attempt does not count."""

    reason: Annotated[Text, Field(min_length=3, max_length=1_000)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to be recorded; what of it is evidence comes as bytes."""

    request: UUID
    version_id: int
    seen: int
    performed_on: date
    marks: Sequence[int | None]
    note: str | None = None
    photo: bytes | None = None
    signature: str | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A skill of a list with its current version."""

    skill: Skill
    version: SkillVersion

    @property
    def id(self) -> int:
        return self.skill.id

    @property
    def criteria(self) -> list[Criterion]:
        """The rubric of the current version."""
        return criteria_of(self.version)


@dataclass(frozen=True, slots=True)
class Member:
    """A student of a class. `last_day` is the last on which an attempt can have been; None while they are there."""

    enrollment_id: int
    user_id: int
    full_name: str
    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Board:
    """A class's students by the skills of its program."""

    record: SchoolClass
    skills: Sequence[SkillLine]
    students: Sequence[Member]
    standings: Mapping[tuple[int, int], Standing]
    may_check_off: bool

    def standing(self, enrollment_id: int, line: SkillLine) -> Standing:
        """How a skill stands for a student."""
        return self.standings.get((enrollment_id, line.id), Standing(0, 0, line.version.required_passes))

    def passed(self, line: SkillLine) -> int:
        """How many students of the class have passed the skill."""
        return sum(self.standing(one.enrollment_id, line).state is State.PASSED for one in self.students)

    def passed_by(self, enrollment_id: int) -> int:
        """How many of the skills a student has passed."""
        return sum(self.standing(enrollment_id, line).state is State.PASSED for line in self.skills)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt with the rubric it was rated by. `voided` is the row that voids it, with who did."""

    row: Any
    criteria: Sequence[Criterion]

    @property
    def lines(self) -> list[tuple[Criterion, Level]]:
        """Each criterion with the level that was given."""
        marks = self.row.SkillAttempt.marks
        return [(one, one.level(points)) for one, points in zip(self.criteria, marks, strict=True)]

    @property
    def counts(self) -> bool:
        return self.row.void_reason is None

    @property
    def outcome(self) -> str:
        """passed, failed or voided."""
        if not self.counts:
            return "voided"
        return "passed" if self.row.SkillAttempt.passed else "failed"


@dataclass(frozen=True, slots=True)
class OneCheckOff:
    """The page for one attempt of one student at one skill."""

    board: Board
    line: SkillLine
    student: Member
    attempts: Sequence[AttemptView]
    following: Member | None
    """The next student of the class who has not passed the skill."""

    @property
    def seen(self) -> int:
        """The number of the newest attempt; 0 for none."""
        return max((one.row.SkillAttempt.id for one in self.attempts), default=0)

    @property
    def standing(self) -> Standing:
        return self.board.standing(self.student.enrollment_id, self.line)


@dataclass(frozen=True, slots=True)
class OneAttempt:
    """An attempt as its page shows it."""

    view: AttemptView
    may_void: bool


@dataclass(frozen=True, slots=True)
class StudentSkill:
    """A skill as it stands for a student, with every attempt."""

    line: SkillLine
    standing: Standing
    attempts: Sequence[AttemptView]


@dataclass(frozen=True, slots=True)
class StudentSkills:
    """The skills of one enrollment, by section, in the order of the list."""

    enrollment: Any
    skills: Sequence[StudentSkill]

    @property
    def required(self) -> Sequence[StudentSkill]:
        """Those that are in the list today; others stand here only because they were attempted."""
        return [one for one in self.skills if one.line.skill.archived_at is None]

    @property
    def passed(self) -> int:
        return sum(one.standing.state is State.PASSED for one in self.required)

    @property
    def sections(self) -> list[tuple[str, list[StudentSkill]]]:
        """Section and its skills."""
        found: dict[str, list[StudentSkill]] = {}
        for one in self.skills:
            found.setdefault(one.line.skill.section, []).append(one)
        return list(found.items())


@dataclass(frozen=True, slots=True)
class Missing:
    """What of a program's skills a student has not passed yet."""

    missing: int
    required: int

    def __str__(self) -> str:
        if not self.required:
            return "The program has no skill list."
        return f"Skills missing: {self.missing} of {self.required}" if self.missing else "All skills passed"


def criteria_of(version: SkillVersion) -> list[Criterion]:
    """The rubric of a version, from its row."""
    return from_stored(version.criteria)


def views_of(rows: Sequence[Any]) -> list[AttemptView]:
    """Attempts, as queries give them, as pages show them."""
    return [AttemptView(row, criteria_of(row.SkillVersion)) for row in rows]
