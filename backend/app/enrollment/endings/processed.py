"""What follows when a withdrawal is processed, and where its hours come from: both as higher rooms register them.

The room of money makes the refund, the room of attendance knows the hours; enrollment knows neither of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import Subject, internal
from app.rules.withdrawals import Event

WithdrawalKind = Literal["student", "administrative", "school_cancelled", "cancellation"]
"""Who ended it and how: as a refund case names it (docs/refund-case.md)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the program: minutes attended of the minutes that its class meets, None where no class does."""

    name: str
    completed_minutes: int
    total_minutes: int | None


@dataclass(frozen=True, slots=True)
class CountedRecord:
    """An attendance record that counted, as it stood."""

    id: int
    clock_in: datetime
    clock_out: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Hours:
    """The minutes of an enrollment up to a moment, and the records that they add up from."""

    records: tuple[CountedRecord, ...] = ()
    segments: tuple[Segment, ...] = ()
    transferred_minutes: int = 0
    total_minutes: int | None = None
    """Minutes that the program takes; None where it counts no hours."""

    @property
    def completed_minutes(self) -> int:
        """Attended and transferred from another school."""
        return sum(one.minutes for one in self.records) + self.transferred_minutes


@dataclass(frozen=True, slots=True)
class Figures:
    """What a withdrawal's progress was computed from. Kept as it was, whatever is corrected later."""

    hours: Hours
    lessons_completed: int
    lessons_total: int
    counted_until: datetime

    @property
    def percent(self) -> int:
        """Whole percent completed, never rounded up: of the hours, or of the lessons of a program without hours."""
        done, total = self.hours.completed_minutes, self.hours.total_minutes
        if not total:
            done, total = self.lessons_completed, self.lessons_total
        return min(100, done * 100 // total) if total else 0


@dataclass(frozen=True, slots=True)
class ProcessedWithdrawal:
    """A withdrawal that has just been processed."""

    withdrawal_id: int
    enrollment_id: int
    user_id: int
    program_id: int
    kind: WithdrawalKind
    withdrawn_at: datetime
    """The moment that the refund goes by: receipt of the request, last attendance, or notice."""
    processed_at: datetime
    figures: Figures
    date_basis: Event | None = None
    """What gave `withdrawn_at`; None for a withdrawal from before it was kept."""


Follow = Callable[[Session, Subject, ProcessedWithdrawal], None]


@dataclass(frozen=True, slots=True)
class Attended:
    """What the room that keeps attendance says of an enrollment."""

    hours: Callable[[Session, int, datetime, ZoneInfo], Hours]
    """The hours in records that began before a moment, by part of the program: every meeting is looked at."""
    records: Callable[[Session, int, datetime], tuple[CountedRecord, ...]]
    """Those records alone, which costs one query."""
    open_since: Callable[[Session, int], datetime | None]
    """Since when the student is clocked in."""


_follow: dict[str, Follow] = {}
_attended: list[Attended] = []


@internal("wires rooms together at import")
def register(name: str, follow: Follow) -> None:
    """Have `follow` called when a withdrawal is processed, in that transaction: what it raises undoes all of it."""
    _follow[name] = follow


@internal("wires rooms together at import")
def register_hours(attended: Attended) -> None:
    """Have a room say which hours count."""
    _attended[:] = [attended]


def hours_until(session: Session, enrollment_id: int, until: datetime, zone: ZoneInfo) -> Hours:
    """What the room of attendance says; nothing where none is registered."""
    return _attended[0].hours(session, enrollment_id, until, zone) if _attended else Hours()


def records_until(session: Session, enrollment_id: int, until: datetime) -> tuple[CountedRecord, ...]:
    """The records of `hours_until` alone, in order."""
    return _attended[0].records(session, enrollment_id, until) if _attended else ()


def open_since(session: Session, enrollment_id: int) -> datetime | None:
    """When the record began that is still open; None for who is not clocked in."""
    return _attended[0].open_since(session, enrollment_id) if _attended else None


def announce(session: Session, subject: Subject, processed: ProcessedWithdrawal) -> None:
    """Let every room that registered do its part."""
    for follow in _follow.values():
        follow(session, subject, processed)


def as_json(hours: Hours) -> dict[str, list[dict[str, Any]]]:
    """Segments and records as they are stored."""
    return {
        "segments": [
            {"name": one.name, "completed_minutes": one.completed_minutes, "total_minutes": one.total_minutes}
            for one in hours.segments
        ],
        "records": [
            {
                "id": one.id,
                "clock_in": one.clock_in.isoformat(),
                "clock_out": one.clock_out.isoformat(),
                "minutes": one.minutes,
            }
            for one in hours.records
        ],
    }


def records_of(stored: Sequence[Mapping[str, Any]]) -> tuple[CountedRecord, ...]:
    """Records as they were stored."""
    return tuple(
        CountedRecord(
            one["id"],
            datetime.fromisoformat(one["clock_in"]),
            datetime.fromisoformat(one["clock_out"]),
            one["minutes"],
        )
        for one in stored
    )
