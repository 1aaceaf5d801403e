"""Shapes that duties take in and give out."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.duties.service import LONGEST_REASON
from app.core.permissions import Duty
from app.web.field_types import Day, Line, OptionalDay

Reason = Annotated[Line, Field(max_length=LONGEST_REASON)]


class DutyForm(BaseModel):
    """A duty to give."""

    duty: Duty
    starts_on: Annotated[Day, Field(title="First day")]
    ends_on: Annotated[OptionalDay, Field(title="Last day")] = None
    reason: Annotated[Reason, Field(title="Reason")]


class EndForm(BaseModel):
    """A duty to end: with this request, or with the end of a later day."""

    last_day: Annotated[OptionalDay, Field(title="Last day")] = None
    reason: Annotated[Reason, Field(title="Reason")]


class DutyOut(BaseModel):
    """A duty that a person was given by name."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    duty: Duty
    starts_on: date
    ends_on: Annotated[date | None, Field(description="The last day; null for no end.")]
    state: Annotated[str, Field(description="`in force`, `ahead`, `over` or `ended`.")]
    reason: str
    given_by: Annotated[str | None, Field(description="Name; null for the system.")]
    ended_by: str | None
    end_reason: str | None
