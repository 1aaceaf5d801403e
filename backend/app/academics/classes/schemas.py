"""What classes look like going in and coming out."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.rules.meetings import WEEKDAYS, Meeting
from app.web.field_types import Day, Line, OptionalDay, RecordId, blank_is_none

Code = Annotated[Line, Field(max_length=40)]
Room = Annotated[Line, Field(max_length=80)]
OptionalRoom = Annotated[Room | None, BeforeValidator(blank_is_none)]
Capacity = Annotated[int, Field(ge=1, le=1_000)]
Weekday = Annotated[int, Field(ge=0, le=6, description="0 for Monday to 6 for Sunday.")]
Reason = Annotated[Annotated[Line, Field(max_length=500)] | None, BeforeValidator(blank_is_none)]
MOST_AT_ONCE = 200


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ClassFields(BaseModel):
    """What a class is made of."""

    code: Code
    name: Line
    program_id: Annotated[RecordId, Field(title="Program")]
    module_id: Annotated[RecordId | None, BeforeValidator(blank_is_none), Field(title="Module")] = None
    starts_on: Annotated[Day, Field(title="First day")]
    ends_on: Annotated[Day, Field(title="Last day")]
    room: OptionalRoom = None
    capacity: Annotated[Capacity | None, BeforeValidator(blank_is_none)] = None


class ClassForm(ClassFields):
    """The form of a class."""


class ClassIn(ClassFields, _Input):
    """A class as the API takes it."""


class ClassPatch(_Input):
    """Changes to a class; what is left out stays."""

    code: Code = ""
    name: Line = ""
    module_id: RecordId | None = None
    starts_on: Day = date.min
    ends_on: Day = date.min
    room: OptionalRoom = None
    capacity: Capacity | None = None


class WeeklyIn(_Input):
    """A weekly meeting, by the clock on the school's wall."""

    weekday: Weekday
    starts_at: time
    ends_at: time


class WeeklyForm(BaseModel):
    """The same hours on several days of the week, as typed."""

    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7, title="Days")]
    starts_at: Annotated[time, Field(title="Start time")]
    ends_at: Annotated[time, Field(title="End time")]


class ChangeFields(BaseModel):
    """A day that is not as every week. Times, day and room belong to the meeting that is moved or added."""

    kind: Annotated[Literal["cancelled", "moved", "extra"], Field(title="What changes")]
    day: Day
    new_day: Annotated[OptionalDay, Field(title="New day")] = None
    starts_at: Annotated[time | None, BeforeValidator(blank_is_none), Field(title="Start time")] = None
    ends_at: Annotated[time | None, BeforeValidator(blank_is_none), Field(title="End time")] = None
    room: OptionalRoom = None
    reason: Reason = None


class ChangeForm(ChangeFields):
    """A change as typed."""


class ChangeIn(ChangeFields, _Input):
    """A change as the API takes it."""


class InstructorForm(BaseModel):
    """Who teaches a class, and from when."""

    user_id: Annotated[RecordId, Field(title="Instructor")]
    starts_on: Annotated[OptionalDay, Field(title="From")] = None
    ends_on: Annotated[OptionalDay, Field(title="Until")] = None


class InstructorIn(InstructorForm, _Input):
    """The same for the API; without `starts_on` from the first day of the class."""


class SeatsForm(BaseModel):
    """Students to add, by their enrollments."""

    enrollment_ids: Annotated[list[RecordId], Field(min_length=1, max_length=MOST_AT_ONCE, title="Students")]
    starts_on: Annotated[OptionalDay, Field(title="From")] = None


class SeatsIn(SeatsForm, _Input):
    """The same for the API; without `starts_on` from today, or the first day of the class if that is later."""


class RemoveForm(BaseModel):
    """Students to take out of a class, by their seats."""

    seat_ids: Annotated[list[RecordId], Field(min_length=1, max_length=MOST_AT_ONCE, title="Students")]


class RemoveIn(RemoveForm, _Input):
    """The same for the API; `last_day` is the last one in the class, yesterday unless given."""

    last_day: Day | None = None


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


class ClassOut(_Output):
    """A class in a list. Days are the school's."""

    id: int
    code: str
    name: str
    program_id: int
    program: str
    module_id: int | None
    module: str | None
    starts_on: date
    ends_on: date
    room: str | None
    capacity: int | None
    students: int
    instructors: str


class WeeklyOut(_Output):
    """A weekly meeting."""

    id: int
    weekday: int
    starts_at: time
    ends_at: time


class ChangeOut(_Output):
    """A changed day."""

    id: int
    kind: str
    day: date
    new_day: date | None
    starts_at: time | None
    ends_at: time | None
    room: str | None
    reason: str | None


class InstructorOut(_Output):
    """Who teaches."""

    id: int
    user_id: int
    full_name: str
    starts_on: date
    ends_on: date | None


class SeatOut(_Output):
    """A student in a class."""

    id: int
    enrollment_id: int
    user_id: int
    full_name: str
    email: str
    progress_pct: int | None
    starts_on: date
    ends_on: date | None


class ClassDetail(ClassOut):
    """A class with its timetable, its instructors and what is double-booked."""

    weekly: list[WeeklyOut]
    changes: list[ChangeOut]
    teachers: list[InstructorOut]
    warnings: list[str]


class MeetingOut(BaseModel):
    """A meeting: instants with the school's offset."""

    day: date
    starts: datetime
    ends: datetime
    room: str
    note: str


@dataclass(frozen=True, slots=True)
class ClassMeetingToday:
    """A meeting of today with its class."""

    class_id: int
    code: str
    name: str
    meeting: Meeting
    students: int
    instructors: str


def weekday_choices() -> list[tuple[int, str]]:
    """Number and name of each day of the week."""
    return list(enumerate(WEEKDAYS))
