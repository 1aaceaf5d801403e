"""On which days and at which instants a class meets: its weekly hours, the changes to them, and the school's holidays.

A class meets by the clock on the school's wall: 8:30 stays 8:30 when clocks change, and the instants move. A time that
clocks skip that day is read as the time they show instead; of one that comes twice, the first is meant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ChangeKind = Literal["cancelled", "moved", "extra"]


@dataclass(frozen=True, slots=True)
class WeeklyMeeting:
    """Every week on this day: 0 for Monday to 6 for Sunday; the end is later the same day."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise on one day. `cancelled` takes the day's meetings out; `moved` takes them out and puts one
    on `new_day`; `extra` adds one on `day`. `starts` and `ends` are those of the meeting that is put or added."""

    kind: ChangeKind
    day: date
    new_day: date | None = None
    starts: time | None = None
    ends: time | None = None
    room: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Meeting:
    """One meeting: instants in UTC, the second after the first; `day` is the day at the school."""

    starts: datetime
    ends: datetime
    day: date
    room: str = ""
    note: str = ""


def meetings(
    weekly: Iterable[WeeklyMeeting],
    changes: Iterable[Change],
    first: date,
    last: date,
    zone: ZoneInfo,
    *,
    room: str | None = None,
    closed: Mapping[date, str] | None = None,
) -> list[Meeting]:
    """Every meeting from `first` to `last`, both included, in order.

    On a day in `closed` (the school's holidays) nothing meets that meets every week; a meeting that was moved or added
    to such a day was put there on purpose and stays.
    """
    by_weekday: dict[int, list[WeeklyMeeting]] = {}
    for one in weekly:
        by_weekday.setdefault(one.weekday, []).append(one)
    known = list(changes)
    off = {change.day for change in known if change.kind != "extra"} | set(closed or ())
    found = [
        _meeting(day, one.starts, one.ends, zone, room, None)
        for day in days(first, last)
        if day not in off
        for one in by_weekday.get(day.weekday(), ())
    ]
    for change in known:
        day = change.day if change.kind == "extra" else change.new_day
        if day is None or not first <= day <= last or change.starts is None or change.ends is None:
            continue
        note = change.reason or (
            "Extra meeting" if change.kind == "extra" else f"Moved from {_short(change.day)}"
        )
        found.append(_meeting(day, change.starts, change.ends, zone, change.room or room, note))
    return sorted(found)


def overlaps(one: Sequence[Meeting], other: Sequence[Meeting]) -> Meeting | None:
    """The first meeting of `one` that runs at the same time as a meeting of `other`; both in order."""
    place = 0
    for meeting in one:
        while place < len(other) and other[place].ends <= meeting.starts:
            place += 1
        if place < len(other) and other[place].starts < meeting.ends:
            return meeting
    return None


def days(first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _meeting(
    day: date, starts: time, ends: time, zone: ZoneInfo, room: str | None, note: str | None
) -> Meeting:
    begins = datetime.combine(day, starts, zone).astimezone(UTC)
    stops = datetime.combine(day, ends, zone).astimezone(UTC)
    if stops <= begins:
        # Both lie around an hour that clocks skip: as long as the timetable says.
        stops = begins + (datetime.combine(day, ends) - datetime.combine(day, starts))
    return Meeting(begins, stops, day, room or "", note or "")


def _short(day: date) -> str:
    return f"{day:%B} {day.day}"
