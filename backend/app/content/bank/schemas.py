"""Shapes of the bank of questions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.web.field_types import LARGEST_ID, OptionalFile, RecordId, Text

Kind = Literal["choice", "multiple", "numeric", "match", "order", "hotspot"]
KINDS = (
    ("choice", "One right answer"),
    ("multiple", "Several right answers"),
    ("numeric", "A number"),
    ("match", "Pairs to match"),
    ("order", "Steps to put in order"),
    ("hotspot", "A place on a picture"),
)
LABELS = dict(KINDS)


class QuestionFields(BaseModel):
    """What can be changed of a question."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    module_id: Annotated[RecordId | None, Field(title="Module")] = None
    prompt: Annotated[Text, Field(min_length=1, max_length=5_000, title="Question")]
    lines: Annotated[Text, Field(title="Options")] = ""
    value: Annotated[str, Field(max_length=40, title="Right number")] = ""
    tolerance: Annotated[str, Field(max_length=40, title="Tolerance")] = ""
    points: Annotated[Decimal, Field(gt=0, le=1000, max_digits=6, decimal_places=2, title="Points")] = (
        Decimal(1)
    )
    feedback: Annotated[Text, Field(max_length=5_000, title="Explanation")] = ""
    image: Annotated[OptionalFile, Field(title="Picture")] = None


class QuestionForm(QuestionFields):
    """A new question."""

    kind: Annotated[Kind, Field(title="Kind")] = "choice"


class EditForm(QuestionFields):
    """A changed question; `version` is the one the person saw."""

    version: Annotated[int, Field(ge=1)]


class CorrectionForm(BaseModel):
    """A key that was wrong. `version` is the one the person saw, `edit` the one that wrote the question as it was
    asked; the newest where it is not given."""

    version: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    edit: Annotated[int | None, Field(ge=1, le=LARGEST_ID)] = None
    lines: Annotated[Text, Field(title="Options")] = ""
    value: Annotated[str, Field(max_length=40, title="Right number")] = ""
    tolerance: Annotated[str, Field(max_length=40, title="Tolerance")] = ""
    reason: Annotated[Text, Field(min_length=1, max_length=500, title="Reason")]
    seen: Annotated[str, Field(max_length=64)] = ""
    """What the person was shown of the consequences: the fingerprint of the key that they were those of."""

    def fingerprint(self) -> str:
        """Of the key as it is filled in."""
        given = "\x00".join((self.lines.strip(), self.value.strip(), self.tolerance.strip()))
        return sha256(given.encode()).hexdigest()


class RetirementForm(BaseModel):
    """Taking a question out of the bank, or putting it back."""

    retired: bool = False


@dataclass(frozen=True, slots=True)
class QuestionOut:
    """A question as those see it who write it, with its key."""

    id: int
    program_id: int
    module_id: int | None
    module_name: str | None
    kind: str
    version_id: int
    version: int
    edit: int
    """The version that wrote the question as it stands here; `version` may be a corrected key of it."""
    prompt: str
    points: Decimal
    content: dict[str, Any]
    key: dict[str, Any]
    lines: str
    feedback: str
    has_image: bool
    saved_at: datetime
    saved_by: str | None
    retired_at: datetime | None

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Regraded:
    """What a corrected key makes of an attempt at a quiz."""

    user_id: int
    full_name: str
    lesson_title: str
    number: int
    before: Decimal
    after: Decimal
    """Percent, to two decimals."""
    passed_before: bool
    passed_after: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a corrected key would change."""

    asked: int
    """Attempts that were asked the question so."""
    changes: list[Regraded]
    """Those of them whose score would change, of students whom the person sees."""
    others: int
    """Those of students whom the person does not see."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a quiz names it: a version, with the key that holds for it now."""

    version_id: int
    question_id: int
    kind: str
    prompt: str
    points: Decimal
    content: dict[str, Any]
    key: dict[str, Any]
    feedback: str
    image_sha256: str | None
    image_type: str | None
