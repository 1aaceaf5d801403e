"""Shapes of corrections, in and out."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.compliance.attendance.schemas import CorrectionForm, Reason
from app.rules.hours import TimeEntry
from app.web.field_types import Line, OptionalFile, RecordId, blank_is_none


class State(StrEnum):
    """How far a request is."""

    WAITING = "waiting"
    ENDORSED = "endorsed"
    APPROVED = "approved"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """The state as a page names it."""
        return "Waiting for a second approval" if self is State.ENDORSED else self.value.capitalize()


KINDS = {
    "change": "Correction",
    "add": "Missing hours",
    "make_up": "Make-up hours",
    "transfer": "Transferred hours",
}
"""The kinds of requests, as pages name them."""


class HoursForm(CorrectionForm):
    """Hours that no record has yet, as typed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    enrollment_id: Annotated[RecordId, Field(title="Program")]
    kind: Literal["add", "make_up"] = "add"
    file: Annotated[OptionalFile, Field(title="Document")] = None


class ChangeForm(CorrectionForm):
    """The right times of a record, as typed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[OptionalFile, Field(title="Document")] = None


class TransferIn(BaseModel):
    """Hours that a student brings from another school; negative to take some back."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: RecordId
    hours: Annotated[Decimal, Field(ge=-5000, le=5000, max_digits=6, decimal_places=2)]
    origin: Annotated[Line, Field(title="School")]
    reason: Reason


class TransferForm(TransferIn):
    """The same as typed, with the transcript it is taken from."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)

    enrollment_id: Annotated[RecordId, Field(title="Student and program")]
    file: Annotated[OptionalFile, Field(title="Document")] = None


class DecisionIn(BaseModel):
    """Approve or decline."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "decline"]
    note: Annotated[
        Annotated[Line, Field(max_length=500)] | None, BeforeValidator(blank_is_none), Field(title="Note")
    ] = None


class DecisionForm(DecisionIn):
    """The same from a page."""

    model_config = ConfigDict(extra="ignore")


class CorrectionOut(BaseModel):
    """A request: what counted when it was asked for, what is asked for, and how it stands."""

    id: int
    state: State
    kind: str
    user_id: int
    student: str
    enrollment_id: int
    program: str
    record_id: int | None
    old_clock_in: datetime | None
    old_clock_out: datetime | None
    clock_in: datetime | None
    clock_out: datetime | None
    minutes: int = Field(
        description="Whole minutes asked for; of transferred hours negative to take some back."
    )
    origin: str | None
    reason: str
    asked_by_id: int | None
    asked_by: str | None
    asked_at: datetime
    endorsed_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    has_document: bool

    @property
    def title(self) -> str:
        """The kind as a page names it."""
        return KINDS[self.kind]

    @property
    def asked(self) -> TimeEntry | None:
        """The time that is asked for."""
        return (
            None
            if self.clock_in is None or self.clock_out is None
            else TimeEntry(self.clock_in, self.clock_out)
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What an approval would change: minutes of the enrollment before and after, and of each day that is touched."""

    before: int
    after: int
    days: list[tuple[date, int, int]]
    required: int | None
    """Minutes that the program requires; None where it requires none."""


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A request with what it would change. `refusal` says why this person cannot decide it; None where they can."""

    correction: CorrectionOut
    effect: Effect | None
    closed: bool
    refusal: str | None
    others: list[CorrectionOut]
    """Earlier and later requests for the same record."""


def from_row(row: Any) -> CorrectionOut:
    """A request as it is shown, from a row of `queries`."""
    item, student, program, asker, endorser, decider = row
    if item.outcome is not None:
        state = State(item.outcome)
    else:
        state = State.WAITING if item.endorsed_at is None else State.ENDORSED
    minutes = item.minutes
    if minutes is None:
        minutes = int((item.clock_out - item.clock_in).total_seconds() // 60)
    return CorrectionOut(
        id=item.id,
        state=state,
        kind=item.kind,
        user_id=item.user_id,
        student=student,
        enrollment_id=item.enrollment_id,
        program=program,
        record_id=item.attendance_id,
        old_clock_in=item.old_clock_in,
        old_clock_out=None if item.old_missing else item.old_clock_out,
        clock_in=item.clock_in,
        clock_out=item.clock_out,
        minutes=minutes,
        origin=item.origin,
        reason=item.reason,
        asked_by_id=item.asked_by,
        asked_by=asker,
        asked_at=item.asked_at,
        endorsed_by=endorser,
        decided_by=decider,
        decided_at=item.decided_at,
        note=item.note,
        has_document=item.evidence_sha256 is not None,
    )
