"""Shapes of rosters, in and out."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.rules.meetings import Meeting
from app.rules.roster import Mark
from app.web.field_types import Line, RecordId, blank_is_none

OptionalTime = Annotated[time | None, BeforeValidator(blank_is_none)]
OptionalNote = Annotated[Annotated[Line, Field(max_length=200)] | None, BeforeValidator(blank_is_none)]


class MarkForm(BaseModel):
    """One tap: what the roster says of a student. `none` takes the mark back; `at` is when they came or left."""

    enrollment_id: RecordId
    mark: Literal["present", "late", "left_early", "absent", "excused", "none"]
    at: OptionalTime = None
    note: OptionalNote = None


class AllPresentForm(BaseModel):
    """The button that marks everybody present who has no mark yet."""


@dataclass(frozen=True, slots=True)
class Clocked:
    """Time that a student has from elsewhere during the meeting: the clock, or what the staff entered."""

    record_id: int
    clock_in: datetime
    clock_out: datetime | None
    by_clock: bool


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One student at one meeting. `minutes` are what counts for it so far: the roster's, or their own clock's.

    `refused` says that the meeting is long over, and the mark's hours could not be counted. `away`: a leave of absence
    covers the day, so that no mark is expected and none is taken. `absence_id` is an absence from this meeting that the
    student has reported, and `absence_excused` says whether it is excused or waits.
    """

    enrollment_id: int
    user_id: int
    full_name: str
    mark: Mark | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    note: str | None = None
    marked_by: str | None = None
    minutes: int | None = None
    clocked: Clocked | None = None
    refused: bool = False
    away: bool = False
    absence_id: int | None = None
    absence_excused: bool = False


@dataclass(frozen=True, slots=True)
class RosterView:
    """The roster of a meeting. `closed` says why it cannot be changed now; None where it can."""

    class_id: int
    code: str
    name: str
    meeting: Meeting | None
    others: list[Meeting]
    lines: list[RosterLine]
    may_mark: bool
    may_excuse: bool
    closed: str | None

    @property
    def counts(self) -> dict[str, int]:
        """How many students have each mark; of those without, how many are on leave (`away`), have reported an absence
        (`reported`), and are to be marked (`none`)."""
        found = dict.fromkeys(["none", "away", "reported", *Mark], 0)
        for line in self.lines:
            found[line.mark or ("away" if line.away else "reported" if line.absence_id else "none")] += 1
        return {str(name): count for name, count in found.items()}
