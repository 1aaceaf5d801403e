"""Shapes of clock hours, in and out."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    computed_field,
)

from app.rules.hours import Pace, TimeEntry
from app.web.field_types import Line, RecordId, blank_is_none

Reason = Annotated[Line, Field(min_length=3, max_length=500)]
CLOCK, KIOSK = "clock", "kiosk"
PUNCHED = frozenset({CLOCK, KIOSK})
"""Sources of records that the student made by clocking in."""


@dataclass(frozen=True, slots=True)
class KioskMoment:
    """When a student punched at a kiosk, and at which."""

    moment: datetime
    kiosk: str


class AttendanceState(StrEnum):
    """What a record is: still running, done, or without a believable end."""

    OPEN = "open"
    COMPLETE = "complete"
    NEEDS_CORRECTION = "needs_correction"


OptionalState = Annotated[AttendanceState | None, BeforeValidator(blank_is_none)]


@dataclass(frozen=True, slots=True)
class AttendanceFilter:
    """Which records a list shows. Days are the school's, by clock-in, both included."""

    user_id: int | None = None
    enrollment_id: int | None = None
    first: date | None = None
    last: date | None = None
    state: AttendanceState | None = None


@dataclass(frozen=True, slots=True)
class EnrollmentChoice:
    """An enrollment hours can count for."""

    id: int
    user_id: int
    full_name: str
    program_id: int
    program_name: str
    status: str
    clock_hours: int | None
    enrolled_at: date
    ended_at: date | datetime | None = None
    """Date of completion, or the moment at which the request to withdraw arrived; None while active."""
    deleted: bool = False
    """Whether the student's account is deleted."""

    def ended_on(self, zone: ZoneInfo) -> date | None:
        """The last day, at the school."""
        if isinstance(self.ended_at, datetime):
            return self.ended_at.astimezone(zone).date()
        return self.ended_at


class ClockIn(BaseModel):
    """Which enrollment the hours count for; may be left out while there is only one active."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: RecordId | None = None


class HoursIn(BaseModel):
    """Hours that no record has yet. Times carry their offset from UTC."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: RecordId
    clock_in: AwareDatetime
    clock_out: AwareDatetime
    reason: Reason


class CorrectionIn(BaseModel):
    """The right times of a record, and why it was wrong."""

    model_config = ConfigDict(extra="forbid")

    clock_in: AwareDatetime
    clock_out: AwareDatetime
    reason: Reason


class CorrectionForm(BaseModel):
    """A correction as typed: times as the school's clock showed them."""

    clock_in: Annotated[NaiveDatetime, Field(title="Clock-in")]
    clock_in_second: bool = False
    clock_out: Annotated[NaiveDatetime, Field(title="Clock-out")]
    clock_out_second: bool = False
    reason: Reason


class AttendanceOut(BaseModel):
    """One attendance record. Times are given with the school's offset from UTC at that moment."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    user_id: int
    student: str
    enrollment_id: int
    program: str
    clock_in: datetime
    clock_out: datetime | None
    total_minutes: int | None = Field(description="Whole minutes; null while the record is open.")
    state: AttendanceState
    notes: str | None
    source: str = Field(description="clock, kiosk, roster, staff or make_up.")
    punched_in: datetime | None = Field(description="The clock-in as made, where the policy counted less.")
    punched_out: datetime | None = Field(description="The clock-out as made, where the policy counted less.")

    def as_time_entry(self) -> TimeEntry | None:
        """The time entry, once it has an end."""
        return None if self.clock_out is None else TimeEntry(self.clock_in, self.clock_out)


class EnrollmentHours(BaseModel):
    """A student's hours in one enrollment, and when they will be done."""

    enrollment_id: int
    program_id: int
    program: str
    status: str
    done_minutes: int
    required_minutes: int | None
    remaining_minutes: int | None
    percent: int | None
    minutes_per_week: int
    finish_on: date | None
    explanation: str
    transferred_minutes: int = Field(description="Of `done_minutes`, those from another school.")

    @classmethod
    def of(cls, enrollment: EnrollmentChoice, pace: Pace, transferred_minutes: int = 0) -> "EnrollmentHours":
        return cls(
            enrollment_id=enrollment.id,
            program_id=enrollment.program_id,
            program=enrollment.program_name,
            status=enrollment.status,
            done_minutes=pace.done_minutes,
            required_minutes=pace.required_minutes,
            remaining_minutes=pace.remaining_minutes,
            percent=pace.percent,
            minutes_per_week=pace.minutes_per_week,
            finish_on=pace.finish_on,
            explanation=pace.explanation,
            transferred_minutes=transferred_minutes,
        )


class WeekTotal(BaseModel):
    """Minutes of one week at the school, Sunday to Saturday."""

    week_of: date
    minutes: int


class Totals(BaseModel):
    """A student's minutes in all, by enrollment and by week."""

    user_id: int
    time_zone: str
    total_minutes: int
    enrollments: list[EnrollmentHours]
    weeks: list[WeekTotal]


class StudentHours(BaseModel):
    """One line of the documented report: total attendance hours of a student."""

    user_id: int
    student: str
    email: str
    total_minutes: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def hours(self) -> Decimal:
        """The same in hours, to two decimals, cut and never rounded up."""
        return (Decimal(self.total_minutes) / 60).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
