"""Shapes of assignments, in and out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, BinaryIO, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.datastructures import UploadFile

from app.academics.service import LessonPlace
from app.content.authoring.markdown import inline_html
from app.core.files import StoredFile
from app.db.models import AssignmentAllowance, AssignmentVersion, HandIn, HandInFile, HandInGrade
from app.rules.assignments import Late, Lateness, LatePolicy
from app.rules.skills import Criterion, Level, from_stored
from app.web.field_types import OptionalDay, OptionalFile, RecordId, Text, blank_is_none

MOST_MEGABYTES = 2048
Sent = Annotated[UploadFile, WithJsonSchema({"type": "string"})]
OptionalTime = Annotated[time | None, BeforeValidator(blank_is_none)]
OptionalText = Annotated[Annotated[Text, Field(max_length=5_000)] | None, BeforeValidator(blank_is_none)]


class AssignmentForm(BaseModel):
    """What an assignment asks for. `seen` is the version that the person had before them, 0 for none."""

    instructions: Annotated[Text, Field(min_length=1, title="Instructions")]
    criteria: Annotated[Text, Field(min_length=1, title="Rubric")]
    kinds: Annotated[
        list[Literal["picture", "pdf", "office", "text", "film", "sound"]],
        Field(min_length=1, title="Kinds of files"),
    ]
    max_files: Annotated[int, Field(ge=1, le=20, title="Most files")] = 5
    max_megabytes: Annotated[int, Field(ge=1, le=MOST_MEGABYTES, title="Most megabytes")] = 100
    several: Annotated[bool, Field(title="Handing in again")] = True
    late: Annotated[Literal["accept", "reduce", "refuse"], Field(title="Late work")] = "accept"
    late_pct: Annotated[int, Field(ge=0, le=100, title="Points lost per day")] = 10
    late_days: Annotated[
        Annotated[int, Field(ge=1, le=365)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Most days late"),
    ] = None
    completes: Annotated[Literal["graded", "passed"], Field(title="Lesson complete")] = "passed"
    pass_pct: Annotated[int, Field(ge=1, le=100, title="Passing score")] = 75
    seen: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class DueForm(BaseModel):
    """Until when a class hands in, on the school's wall; `remove` takes the date away, whatever else is sent."""

    class_id: RecordId
    day: Annotated[OptionalDay, Field(title="Day")] = None
    at: Annotated[OptionalTime, Field(title="Time")] = None
    remove: bool = False


class AllowanceForm(BaseModel):
    """More time for one student, another hand-in, or both."""

    day: Annotated[OptionalDay, Field(title="Day")] = None
    at: Annotated[OptionalTime, Field(title="Time")] = None
    again: Annotated[bool, Field(title="Hand in again")] = False
    reason: Annotated[Text, Field(min_length=3, max_length=2_000, title="Reason")]


class HandInForm(BaseModel):
    """What a student hands in. `request` names the act: sent twice, it is one."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    request: UUID
    files: Annotated[list[Sent], Field(min_length=1, max_length=20, title="Files")]
    note: Annotated[OptionalText, Field(title="Note")] = None


class GradeForm(BaseModel):
    """A grade. `seen` is the newest grade that the person had before them, 0 for none; points come as `mark-1` …"""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    request: UUID
    seen: Annotated[int, Field(ge=0)] = 0
    comment: Annotated[OptionalText, Field(title="Comment")] = None
    file: Annotated[OptionalFile, Field(title="Returned file")] = None
    release: Annotated[bool, Field(title="Release")] = False
    following: Annotated[bool, Field(title="Go on")] = False


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name, and a seekable stream."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a hand-in in the store."""

    name: str
    media_type: str
    stored: StoredFile


@dataclass(frozen=True, slots=True)
class Asked:
    """A version of an assignment with its rubric and its rule for late work."""

    version: AssignmentVersion

    @property
    def criteria(self) -> list[Criterion]:
        """The rubric."""
        return from_stored(self.version.criteria)

    @property
    def instructions_html(self) -> str:
        """What is to be done, as HTML."""
        return inline_html(self.version.instructions)

    @property
    def late_policy(self) -> LatePolicy:
        """What is done with late work."""
        return LatePolicy(Late(self.version.late), self.version.late_pct, self.version.late_days)

    @property
    def possible(self) -> int:
        """The most points."""
        return sum(one.possible for one in self.criteria)


@dataclass(frozen=True, slots=True)
class Definition:
    """An assignment as its authors see it; `versions` are all, the one in use first."""

    lesson: LessonPlace
    versions: Sequence[AssignmentVersion] = ()

    @property
    def asked(self) -> Asked | None:
        """The version in use."""
        return Asked(self.versions[0]) if self.versions else None


@dataclass(frozen=True, slots=True)
class DueLine:
    """A class of the lesson's program, and until when it hands in."""

    class_id: int
    code: str
    name: str
    due_at: datetime | None
    may_set: bool
    day: str
    at: str
    """The date as its fields are filled in, on the school’s wall; empty without one."""


@dataclass(frozen=True, slots=True)
class AllowedTo:
    """A student of an assignment, and what they are allowed beside the others so far."""

    lesson: LessonPlace
    enrollment_id: int
    user_id: int
    full_name: str
    allowance: AssignmentAllowance | None


@dataclass(frozen=True, slots=True)
class Work:
    """A hand-in with its files and grades, the newest grade first."""

    row: HandIn
    files: Sequence[HandInFile]
    grades: Sequence[HandInGrade]

    @property
    def released(self) -> HandInGrade | None:
        """The grade that the student sees."""
        return next((one for one in self.grades if one.released_at is not None), None)


@dataclass(frozen=True, slots=True)
class Opened:
    """An assignment as its student sees it. `why_not` says why nothing can be handed in; None when it can.

    Of one that `is_closed` (it opens later, or asks for another lesson first) nothing else is shown.
    """

    lesson: LessonPlace
    asked: Asked
    enrollment_id: int
    due_at: datetime | None
    own_due: bool
    lateness: Lateness
    works: Sequence[Work]
    why_not: str | None
    is_closed: bool = False
    versions: dict[int, Asked] = field(default_factory=dict)

    def levels(self, work: Work, grade: HandInGrade) -> list[tuple[Criterion, Level]]:
        """Each criterion with the level that was given."""
        criteria = self.versions[work.row.version_id].criteria
        return [(one, one.level(points)) for one, points in zip(criteria, grade.marks, strict=True)]


class State(StrEnum):
    """Where a student's work stands, from nothing to a grade that the student sees."""

    MISSING = "missing"
    TO_GRADE = "to grade"
    DRAFT = "draft"
    RELEASED = "released"

    @classmethod
    def of(cls, hand_in: HandIn | None, grade: HandInGrade | None) -> "State":
        """By the newest hand-in and its newest grade."""
        if hand_in is None:
            return cls.MISSING
        if grade is None:
            return cls.TO_GRADE
        return cls.DRAFT if grade.released_at is None else cls.RELEASED

    @property
    def label(self) -> str:
        """What the lists say."""
        return _SHOWN[self][0]

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return _SHOWN[self][1]


_SHOWN = {
    State.MISSING: ("Not handed in", "neutral"),
    State.TO_GRADE: ("To grade", "info"),
    State.DRAFT: ("Graded, not released", "warn"),
    State.RELEASED: ("Released", "good"),
}


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A student of a lesson's board: the newest hand-in and its newest grade."""

    enrollment_id: int
    user_id: int
    full_name: str
    hand_in: HandIn | None
    grade: HandInGrade | None
    due_at: datetime | None
    allowance: AssignmentAllowance | None

    @property
    def state(self) -> State:
        """Where the work stands."""
        return State.of(self.hand_in, self.grade)


@dataclass(frozen=True, slots=True)
class Board:
    """A lesson's students with what they handed in."""

    lines: Sequence[BoardLine]
    may_grade: bool


@dataclass(frozen=True, slots=True)
class ToGrade:
    """A hand-in before who grades it; `previous` and `following` are the hand-ins of the students beside it."""

    work: Work
    asked: Asked
    lesson_id: int
    title: str
    user_id: int
    full_name: str
    number_of: int
    previous: tuple[int, str] | None
    following: tuple[int, str] | None
    may_grade: bool
    is_newest: bool

    @property
    def newest(self) -> HandInGrade | None:
        """The newest grade, a draft or not."""
        return self.work.grades[0] if self.work.grades else None


@dataclass(frozen=True, slots=True)
class Grading:
    """A grade to be recorded: points in the order of the criteria, None for one that was not rated."""

    request: UUID
    seen: int
    marks: Sequence[int | None]
    comment: str | None = None
    returned: Upload | None = None
