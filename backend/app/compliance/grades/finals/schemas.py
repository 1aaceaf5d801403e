"""What final grades look like going in and coming out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.compliance.grades.book.schemas import BookView, StudentLine
from app.web.field_types import OptionalDay, RecordId, Text, blank_is_none

NOT_YET = "-"
"""In the form of final grades: no grade for this student yet."""
LetterName = Annotated[str, Field(min_length=1, max_length=4)]
Reason = Annotated[Text, Field(min_length=3, max_length=1_000)]
Note = Annotated[Annotated[Text, Field(max_length=1_000)] | None, BeforeValidator(blank_is_none)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FinalsForm(BaseModel):
    """A letter for each student, in the order of the enrollments; `-` for none yet."""

    enrollment_ids: Annotated[list[RecordId], Field(min_length=1, max_length=500, title="Students")]
    letters: Annotated[list[LetterName], Field(min_length=1, max_length=500, title="Letters")]


class FinalIn(_Input):
    """A final grade to be submitted."""

    enrollment_id: RecordId
    letter: LetterName


class FinalsIn(_Input):
    """Final grades of a class, submitted together, all or none."""

    grades: Annotated[list[FinalIn], Field(min_length=1, max_length=500)]


class DecisionForm(BaseModel):
    """Final grades to approve, or to return with a reason."""

    final_grade_ids: Annotated[list[RecordId], Field(min_length=1, max_length=500, title="Final grades")]
    decision: Annotated[Literal["approve", "return"], Field(title="Decision")]
    note: Note = None


class ChangeForm(BaseModel):
    """Another letter for a final grade that is locked, and why."""

    letter: LetterName
    percent: Annotated[
        Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Percent"),
    ] = None
    complete_by: Annotated[OptionalDay, Field(title="Finish by")] = None
    reason: Reason


class ChangeIn(ChangeForm, _Input):
    """The same for the API."""


class DecideForm(BaseModel):
    """The decision about a change, with a word to it."""

    decision: Annotated[Literal["approve", "decline"], Field(title="Decision")]
    note: Note = None


class FinalOut(BaseModel):
    """A final grade; `letter` is the one that counts, `first_letter` the one that was approved."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    class_id: int
    enrollment_id: int
    user_id: int
    full_name: str
    code: str
    program: str
    module: str | None
    first_letter: str
    letter: str
    percent: Decimal | None
    gpa_weight: Decimal
    graded_on: date
    complete_by: date | None
    status: str


@dataclass(frozen=True, slots=True)
class FinalLine:
    """A student of the class: what the book comes to, and the final grade, if there is one."""

    student: StudentLine
    final: Any | None
    choices: Sequence[tuple[str, str]]
    """Letters that may be submitted now; empty for a grade that is submitted or locked."""


@dataclass(frozen=True, slots=True)
class FinalsView:
    """The final grades of a class."""

    book: BookView
    lines: Sequence[FinalLine]
    may_submit: bool
    may_approve: bool


@dataclass(frozen=True, slots=True)
class OneFinal:
    """A final grade with everything that happened to it."""

    row: Any
    standing: str
    """The letter as it stands today: an incomplete becomes the default once its day is over."""
    letters: Sequence[str]
    changes: Sequence[Any]
    may_ask: bool
    may_decide: bool
