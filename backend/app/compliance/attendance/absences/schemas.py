"""Shapes of reported absences, in and out."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.web.field_types import Day, Line, OptionalDay, OptionalFile, RecordId, Text, blank_is_none

Reason = Annotated[Text, Field(min_length=3, max_length=2_000, title="Reason")]


class AbsenceState(StrEnum):
    """How far a reported absence is."""

    REQUESTED = "requested"
    EXCUSED = "excused"
    NOT_EXCUSED = "not_excused"
    WITHDRAWN = "withdrawn"

    @property
    def badge(self) -> tuple[str, str]:
        """The state as a page names it, and the tone of its badge."""
        return _BADGES[self]


_BADGES = {
    AbsenceState.REQUESTED: ("Not decided yet", "info"),
    AbsenceState.EXCUSED: ("Excused", "good"),
    AbsenceState.NOT_EXCUSED: ("Not excused", "bad"),
    AbsenceState.WITHDRAWN: ("Withdrawn", "neutral"),
}


class AbsenceIn(BaseModel):
    """An absence: whole days, both included, or one meeting of a class by its start. `request` is a number of the
    sender’s: one sent twice is one report."""

    model_config = ConfigDict(extra="forbid")

    request: UUID = Field(default_factory=uuid4)
    enrollment_id: RecordId
    starts_on: Day
    ends_on: Day
    class_id: RecordId | None = None
    meeting_at: AwareDatetime | None = None
    reason: Reason


class AbsenceForm(BaseModel):
    """What the two forms of the student's page share."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    request: UUID = Field(default_factory=uuid4)
    enrollment_id: Annotated[RecordId, Field(title="Program")]
    reason: Reason
    file: Annotated[OptionalFile, Field(title="Document")] = None


class DaysForm(AbsenceForm):
    """Whole days, as typed."""

    starts_on: Annotated[Day, Field(title="First day")]
    ends_on: Annotated[OptionalDay, Field(title="Last day")] = None


class MeetingForm(AbsenceForm):
    """One class meeting, as chosen: the number of the class, `@`, and the start."""

    meeting: Annotated[Line, Field(max_length=60, title="Class meeting")]


class AbsenceDecision(BaseModel):
    """Excuse the absence, or not. The student reads the note."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["excused", "not_excused"]
    note: Annotated[
        Annotated[Text, Field(max_length=2_000)] | None, BeforeValidator(blank_is_none), Field(title="Note")
    ] = None


class AbsenceDecisionForm(AbsenceDecision):
    """The same from a page."""

    model_config = ConfigDict(extra="ignore")


class WithdrawForm(BaseModel):
    """The button that withdraws a report."""


class AbsenceOut(BaseModel):
    """An absence as it was reported, and how it was decided. `reason` and `has_document` are null for those who may
    not read why the student is absent."""

    id: int
    state: AbsenceState
    user_id: int
    student: str
    enrollment_id: int
    program: str
    starts_on: date
    ends_on: date
    class_id: int | None
    class_code: str | None
    meeting_at: datetime | None
    reason: str | None
    has_document: bool | None
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class MissedMeeting:
    """A meeting that a reported absence covers. `said` is what the roster or the clock says of it, with a tone."""

    code: str
    starts: datetime
    ends: datetime
    said: str
    tone: str


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """A reported absence with its meetings. `refusal` says why this person cannot decide it; None where they can."""

    absence: AbsenceOut
    meetings: list[MissedMeeting]
    refusal: str | None
    may_withdraw: bool


def from_row(row: Any, *, with_reason: bool) -> AbsenceOut:
    """An absence as it is shown, from a row of `queries`; without the student's reason and document unless asked."""
    item, student, program, code, decider = row
    return AbsenceOut(
        id=item.id,
        state=AbsenceState(item.state),
        user_id=item.user_id,
        student=student,
        enrollment_id=item.enrollment_id,
        program=program,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        class_id=item.class_id,
        class_code=code,
        meeting_at=item.meeting_at,
        reason=item.reason if with_reason else None,
        has_document=item.evidence_sha256 is not None if with_reason else None,
        requested_at=item.requested_at,
        decided_by=decider,
        decided_at=item.decided_at,
        note=item.note,
        withdrawn_at=item.withdrawn_at,
    )
