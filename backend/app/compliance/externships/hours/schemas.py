"""Shapes of logged hours."""

from datetime import time
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from app.web.field_types import Day, Text, blank_is_none

_Latitude = Annotated[Annotated[Decimal, Field(ge=-90, le=90)] | None, BeforeValidator(blank_is_none)]
_Longitude = Annotated[Annotated[Decimal, Field(ge=-180, le=180)] | None, BeforeValidator(blank_is_none)]


class HoursFields(BaseModel):
    """A day's hours as typed: times by the clock on the school's wall."""

    day: Annotated[Day, Field(title="Date")]
    starts_at: Annotated[time, Field(title="Start")]
    ends_at: Annotated[time, Field(title="End")]
    next_day: Annotated[bool, Field(title="Ended the next day")] = False
    break_minutes: Annotated[int, Field(ge=0, le=600, title="Break in minutes")] = 0
    did: Annotated[Text, Field(min_length=3, max_length=1_000, title="What you did")]
    latitude: _Latitude = None
    longitude: _Longitude = None


class HoursForm(HoursFields):
    """The same; `request` names the form, so that one sent twice is one entry."""

    request: UUID
