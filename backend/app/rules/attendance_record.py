"""Hours by day as an attendance record shows them: which stretches of a day were attended, and their minutes.

Minutes are those of `rules.hours`: whole ones between instants, a time entry across midnight split there, so that the
days add up to the entries exactly, also on the days when clocks change.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from app.rules.hours import TimeEntry, day_bounds, minutes_by_day


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when somebody attended on one day, in the school's zone. `until_midnight`: it went on after."""

    start: datetime
    end: datetime
    until_midnight: bool = False


@dataclass(slots=True)
class Day:
    """A day with attendance."""

    day: date
    minutes: int = 0
    stretches: list[Stretch] = field(default_factory=list)
    by_clock: bool = False
    by_staff: bool = False


def days_of(entries: Iterable[tuple[TimeEntry, bool]], first: date, last: date, zone: ZoneInfo) -> list[Day]:
    """The days from `first` to `last` that have whole minutes, in order.

    `entries` are pairs of a closed time entry and whether the staff entered or corrected it.
    """
    found: dict[date, Day] = {}
    for entry, by_staff in sorted(entries, key=lambda item: item[0].clock_in):
        for day, minutes in minutes_by_day(entry, zone).items():
            if not first <= day <= last:
                continue
            shown = found.setdefault(day, Day(day))
            shown.minutes += minutes
            shown.stretches.append(_stretch(entry, day, zone))
            shown.by_staff |= by_staff
            shown.by_clock |= not by_staff
    return sorted(found.values(), key=lambda item: item.day)


def _stretch(entry: TimeEntry, day: date, zone: ZoneInfo) -> Stretch:
    begins, ends = day_bounds(day, day, zone)
    start = max(entry.clock_in.astimezone(UTC), begins)
    end = min(entry.clock_out.astimezone(UTC), ends)
    return Stretch(start.astimezone(zone), end.astimezone(zone), until_midnight=end == ends)
