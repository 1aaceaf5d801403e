"""What programs, modules and lessons look like going in and coming out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from app.db.models import ContentType
from app.web.field_types import HttpsUrl, Line, OptionalDay, OptionalId, RecordId, Text
from app.web.forms import DollarsAsCents

MOST_TUITION_CENTS = 2_000_000_000

Credits = Annotated[Decimal, Field(ge=0, max_digits=5, decimal_places=2)]
Weeks = Annotated[int, Field(ge=1, le=520)]
ClockHours = Annotated[int, Field(ge=1, le=20_000)]
Cents = Annotated[StrictInt, Field(ge=0, le=MOST_TUITION_CENTS)]
TypedDollars = Annotated[DollarsAsCents, Field(ge=0, le=MOST_TUITION_CENTS)]
LessonMinutes = Annotated[int, Field(ge=1, le=10_000)]
Percent = Annotated[int, Field(ge=0, le=100)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProgramFields(BaseModel):
    """What a program is made of; forms and the API say the tuition in their own ways."""

    name: Line
    description: Text | None = None
    total_credits: Credits | None = Field(None, title="Credits")
    duration_weeks: Weeks | None = Field(None, title="Weeks")
    clock_hours: ClockHours | None = Field(None, title="Clock hours")


class ProgramForm(ProgramFields):
    """The form of a program: tuition typed in dollars, `version` of what was being edited."""

    tuition_amount_cents: TypedDollars | None = Field(None, title="Tuition")
    version: str | None = None


class ProgramIn(ProgramFields, _Input):
    """A program as the API takes it."""

    tuition_amount_cents: Cents | None = None


class ProgramPatch(_Input):
    """Changes to a program; what is left out stays."""

    name: Line = ""
    description: Text | None = None
    total_credits: Credits | None = None
    duration_weeks: Weeks | None = None
    clock_hours: ClockHours | None = None
    tuition_amount_cents: Cents | None = None


class ModuleForm(BaseModel):
    """The form of a module."""

    name: Line
    description: Text | None = None
    version: str | None = None


class ModuleIn(_Input):
    """A module as the API takes it; it becomes the last of its program."""

    program_id: RecordId
    name: Line
    description: Text | None = None


class ModulePatch(_Input):
    """Changes to a module; what is left out stays."""

    name: Line = ""
    description: Text | None = None


class LessonFields(BaseModel):
    """What a lesson is made of."""

    title: Line
    content_type: ContentType
    content_url: HttpsUrl | None = Field(None, title="Web address")
    estimated_minutes: LessonMinutes | None = Field(None, title="Minutes")
    passing_score_pct: Percent | None = Field(None, title="Passing score")


class LessonForm(LessonFields):
    """The form of a lesson."""

    version: str | None = None


class LessonIn(LessonFields, _Input):
    """A lesson as the API takes it; it becomes the last of its module."""

    module_id: RecordId


class LessonPatch(_Input):
    """Changes to a lesson; what is left out stays."""

    title: Line = ""
    content_type: ContentType = ContentType.SCORM
    content_url: HttpsUrl | None = None
    estimated_minutes: LessonMinutes | None = None
    passing_score_pct: Percent | None = None


class ConditionsForm(BaseModel):
    """When students may open a lesson, whether it counts, and who completes it."""

    optional: Annotated[bool, Field(title="Optional")] = False
    opens_on: Annotated[OptionalDay, Field(title="Opens on")] = None
    after_lesson_id: Annotated[OptionalId, Field(title="Another lesson first")] = None
    needs_check: Annotated[bool, Field(title="Check in person")] = False
    version: str | None = None


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


class MoveForm(BaseModel):
    """The two buttons that move a module or lesson."""

    direction: Literal["up", "down"]


class OrderIn(_Input):
    """The whole order: every number of the list, once, in the order wanted."""

    ids: list[RecordId] = Field(max_length=2_000)


class _Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ProgramOut(_Output):
    """A program. Tuition in cents, duration in weeks, credits as a decimal."""

    id: int
    name: str
    description: str | None
    total_credits: Decimal | None
    duration_weeks: int | None
    clock_hours: int | None
    tuition_amount_cents: int | None
    created_at: datetime
    updated_at: datetime


class ModuleOut(_Output):
    """A module; `order_num` is its place within the program, from 1."""

    id: int
    program_id: int
    name: str
    description: str | None
    order_num: int
    created_at: datetime


class LessonOut(_Output):
    """A lesson; `order_num` is its place within the module, from 1."""

    id: int
    module_id: int
    title: str
    content_type: ContentType
    content_url: str | None
    order_num: int
    estimated_minutes: int | None
    passing_score_pct: int | None
    required_percent: int | None
    created_at: datetime


class ModuleOutline(ModuleOut):
    """A module with its lessons in order."""

    lessons: list[LessonOut]


class ProgramOutline(ProgramOut):
    """A program with its modules and their lessons in order."""

    modules: list[ModuleOutline]
