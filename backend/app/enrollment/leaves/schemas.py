"""What leaves of absence look like going in and coming out."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.enrollment.schemas import EnrollmentDate
from app.web.field_types import Text

Reason = Annotated[Text, Field(min_length=1, max_length=2_000, title="Reason")]
Note = Annotated[Text, Field(min_length=1, max_length=2_000, title="Note")]
LeaveState = Literal["requested", "approved", "declined", "canceled", "returned", "withdrawn"]


class LeaveForm(BaseModel):
    """A leave as a page or the API takes it. `request` is a number of the sender’s: one sent twice is one leave."""

    model_config = ConfigDict(extra="forbid")

    request: UUID = Field(default_factory=uuid4)
    reason: Reason
    starts_on: EnrollmentDate = Field(title="First day of the leave")
    return_on: EnrollmentDate = Field(title="Expected return")


class DecideForm(BaseModel):
    """The office’s decision. Declining needs a note: the student reads it."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "decline"] = Field(title="Decision")
    note: Annotated[Text, Field(max_length=2_000)] | None = Field(default=None, title="Note to the student")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.decision == "decline" and not self.note:
            raise ValueError("Say in the note why the leave is declined: the student reads it.")
        return self


class ExtendForm(BaseModel):
    """A later return."""

    model_config = ConfigDict(extra="forbid")

    return_on: EnrollmentDate = Field(title="New expected return")
    note: Note = Field(title="Reason for the extension")


class ReturnForm(BaseModel):
    """The day on which the student was back."""

    model_config = ConfigDict(extra="forbid")

    returned_on: EnrollmentDate = Field(title="Back on")


class LeaveOut(BaseModel):
    """A leave of absence. `reason` and `decision_note` are null for who may not know why students are away. The leave
    covers the days from `starts_on` up to, and without, `return_on`."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    enrollment_id: int
    user_id: int
    state: LeaveState
    starts_on: date
    return_on: date
    returned_on: date | None
    days: int
    overdue: bool
    reason: str | None
    decision_note: str | None
    requested_at: datetime
    decided_at: datetime | None
