"""What enrollments and progress look like going in and coming out."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from app.db.models import ContentType, EnrollmentStatus
from app.web.field_types import RecordId, Text

# Years that a school's records can speak of; others are slips of the keyboard.
EnrollmentDate = Annotated[date, Field(ge=date(1950, 1, 1), le=date(2200, 1, 1))]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnrollForm(BaseModel):
    """The form that enrolls a student, found by email address."""

    email: EmailStr = Field(title="Student’s email address", max_length=255)
    program_id: RecordId = Field(title="Program")
    enrolled_at: EnrollmentDate = Field(title="Enrollment date")


class EnrollIn(_Input):
    """An enrollment as the API takes it. `enrolled_at` is a date at the school, today when left out."""

    user_id: RecordId
    program_id: RecordId
    enrolled_at: EnrollmentDate | None = None


class CompletionIn(_Input):
    """A lesson marked as completed by hand; a score only from staff."""

    score_pct: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] | None = None


class CompleteForm(BaseModel):
    """The registrar's decision that a student graduates."""

    exception: Annotated[Text | None, Field(max_length=2_000, title="Reason for the exception")] = None


class CompleteIn(_Input):
    """The same as the API takes it; `exception` says why the student graduates although something is missing."""

    exception: Annotated[Text | None, Field(max_length=2_000)] = None


class GraduateForm(BaseModel):
    """Students of a class who graduate now, by enrollment."""

    enrollments: Annotated[list[RecordId], Field(min_length=1, max_length=200, title="Students")]


class MarkForm(BaseModel):
    """The button that marks a lesson as done."""

    lesson_id: RecordId


class EmptyForm(BaseModel):
    """A form with nothing but its button."""


class _Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class EnrollmentOut(_Output):
    """One student in one program. Dates are dates at the school, progress a whole percent."""

    id: int
    user_id: int
    full_name: str
    program_id: int
    program_name: str
    status: EnrollmentStatus
    enrolled_at: date
    completed_at: date | None
    progress_pct: int


class LessonProgress(_Output):
    """A lesson of the program and whether this enrollment has completed it."""

    id: int
    title: str
    module_id: int
    module_name: str
    content_type: ContentType
    estimated_minutes: int | None
    completed_at: datetime | None
    source: str | None
    score_pct: Decimal | None


class ProgressOut(_Output):
    """Progress with its derivation."""

    enrollment_id: int
    percent: int
    completed: int
    required: int
    explanation: str
    lessons: list[LessonProgress]


class CompletionOut(_Output):
    """What became of a completion: counted (the enrollment is active), new (first time), progress after it."""

    counted: bool
    new: bool
    progress_pct: int


class GraduateOut(_Output):
    """A student whose enrollment may be completed and who has no transcript of the program yet."""

    enrollment_id: int
    user_id: int
    full_name: str
    program: str


class PendingWithdrawalOut(_Output):
    """A withdrawal that the administration has not processed."""

    id: int
    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    requested_at: datetime
    progress_pct_at_withdrawal: int | None
    reason: str | None
    kind: str
    withdrawn_at: datetime
    due_on: date
    """The last day for the refund: day 45, or 40 where VA paid a part."""
    days_left: int
