"""Clock hours: how long a time entry was, which days and weeks it counts for, and when a student will be done.

A time entry is counted between two instants, so a wall clock that is put forward or back changes nothing: from
00:30 to 04:30 in New York are three hours on 2026-03-08 and five on 2026-11-01. Minutes are kept, never rounded
up; what a minute is worth (34 CFR 600.2: 50 to 60 minutes of instruction within 60) is what `rules.clock_hours` says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_A_WEEK = 7
_MINUTE = timedelta(minutes=1)
_LAST_DAY = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """From clock-in to clock-out; both aware, the second not before the first."""

    clock_in: datetime
    clock_out: datetime


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes from one instant to the next; a begun minute does not count.

    The same number as the database computes for `attendance.total_minutes`. Raises ValueError for naive
    datetimes and for an end before the start.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("minutes are counted between instants; these datetimes have no zone")
    # Two datetimes of one zone would be subtracted by the wall clock: compare in UTC.
    elapsed = end.astimezone(UTC) - start.astimezone(UTC)
    if elapsed < timedelta(0):
        raise ValueError("the end lies before the start")
    return elapsed // _MINUTE


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the day begins at the school; the first one when midnight comes twice."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which the days `first` to `last` lie at the school; the second is excluded."""
    return start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)


def minutes_by_day(entry: TimeEntry, zone: ZoneInfo) -> dict[date, int]:
    """The entry's minutes by the day at the school; an entry across midnight is split there.

    The parts add up to the entry's minutes exactly: a minute that midnight cuts counts for the later day.
    Days with no whole minute are left out.
    """
    minutes: dict[date, int] = {}
    counted = 0
    for day, until in _midnights(entry, zone):
        upto = minutes_between(entry.clock_in, until)
        if upto > counted:
            minutes[day] = minutes.get(day, 0) + upto - counted
        counted = upto
    return minutes


def _midnights(entry: TimeEntry, zone: ZoneInfo) -> Iterator[tuple[date, datetime]]:
    """Each day the entry touches, with the instant at which the entry leaves it."""
    cursor, end = entry.clock_in.astimezone(UTC), entry.clock_out.astimezone(UTC)
    while cursor < end:
        day = cursor.astimezone(zone).date()
        following = day + timedelta(days=1)
        midnight = start_of_day(following, zone)
        while midnight <= cursor:
            # Where clocks are put back just after midnight, a date comes twice; its second part ends a day later.
            following += timedelta(days=1)
            midnight = start_of_day(following, zone)
        cursor = min(midnight, end)
        yield day, cursor


def totals_by_day(entries: Iterable[TimeEntry], zone: ZoneInfo) -> dict[date, int]:
    """Minutes by day at the school over all time entries, in the order of the days."""
    totals: dict[date, int] = {}
    for entry in entries:
        for day, minutes in minutes_by_day(entry, zone).items():
            totals[day] = totals.get(day, 0) + minutes
    return dict(sorted(totals.items()))


def week_of(day: date) -> date:
    """The Sunday that begins the week of `day`."""
    return day - timedelta(days=(day.weekday() + 1) % DAYS_A_WEEK)


def totals_by_week(by_day: dict[date, int], first: date, last: date) -> dict[date, int]:
    """Minutes by week, keyed by its Sunday: every week from that of `first` to that of `last`, idle ones too."""
    totals: dict[date, int] = {}
    week = week_of(first)
    while week <= last:
        totals[week] = 0
        week += timedelta(days=DAYS_A_WEEK)
    for day, minutes in by_day.items():
        if week_of(day) in totals:
            totals[week_of(day)] += minutes
    return totals


def was_forgotten(clock_in: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether a time entry that is still open cannot be real any more: open for longer than the longest one."""
    return now - clock_in > longest


@dataclass(frozen=True, slots=True)
class Reading:
    """What a wall clock's time means. `instant` is None for a time that does not exist on that day."""

    instant: datetime | None
    ambiguous: bool
    """The clock showed this time twice on that day."""


def read_wall_clock(present: datetime, zone: ZoneInfo, *, second: bool = False) -> Reading:
    """The instant, in UTC, at which the school's clock showed `shown` (naive).

    In autumn an hour comes twice: `second` asks for the later one. In spring an hour is skipped, and a time in it
    is no instant at all.
    """
    try:
        earlier = present.replace(tzinfo=zone, fold=0).astimezone(UTC)
        later = present.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        # The first and the last hours of the calendar lie outside it in UTC.
        return Reading(None, ambiguous=False)
    if earlier == later:
        return Reading(earlier, ambiguous=False)
    if earlier.astimezone(zone).replace(tzinfo=None) != present.replace(fold=0):
        return Reading(None, ambiguous=False)
    return Reading(later if second else earlier, ambiguous=True)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a student is and when they will have their hours; `explanation` says how the date came about."""

    done_minutes: int
    required_minutes: int | None
    minutes_per_week: int
    finish_on: date | None
    explanation: str

    @property
    def remaining_minutes(self) -> int | None:
        """What is left of the required minutes; None where none are required."""
        return None if self.required_minutes is None else max(0, self.required_minutes - self.done_minutes)

    @property
    def percent(self) -> int | None:
        """Whole percent of the required minutes, at most 100 and never rounded up."""
        if not self.required_minutes:
            return None
        return min(100, self.done_minutes * 100 // self.required_minutes)


def project(
    *,
    done_minutes: int,
    required_hours: int | None,
    by_day: dict[date, int],
    enrolled_on: date,
    today: date,
    pace_days: int,
    ended: bool = False,
) -> Pace:
    """When the required clock hours will be reached if the student goes on as in the last `pace_days` days.

    `by_day` holds their minutes by day at the school. Measured are those days before today, or the days since
    enrollment when they are fewer; today is left out, because it is not over. Within the first week there is no
    projection: a few days say nothing about a week. An enrollment that has `ended` goes nowhere.
    """
    required = None if required_hours is None else required_hours * 60
    window = min(pace_days, (today - enrolled_on).days)
    since = today - timedelta(days=max(window, 0))
    recent = sum(minutes for day, minutes in by_day.items() if since <= day < today)
    weekly = recent * DAYS_A_WEEK // window if window >= DAYS_A_WEEK else 0

    def pace(finish_on: date | None, explanation: str) -> Pace:
        return Pace(done_minutes, required, weekly, finish_on, explanation)

    if required is None:
        return pace(None, "This program has no clock-hour requirement.")
    left = required - done_minutes
    if left <= 0:
        return pace(None, f"All {required_hours:,} required clock hours are done.")
    if ended:
        return pace(
            None, f"This enrollment has ended; {_hours(left)} were left of {required_hours:,}\u00a0h."
        )
    if window < DAYS_A_WEEK:
        return pace(None, "A date is projected after the first week.")
    if recent == 0:
        return pace(None, f"No hours in the last {window} days, so no date can be projected.")
    days = -(-left * window // recent)
    if days > (_LAST_DAY - today).days or days > 100 * 366:
        return pace(None, "At this pace the hours would take more than a hundred years.")
    return pace(
        today + timedelta(days=days),
        f"{_hours(left)} of {required_hours:,}\u00a0h remain. In the last {window} days {_hours(recent)} were "
        f"attended, or {_hours(weekly)} a week; at that pace the rest will take {days:,} more days.",
    )


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    # No-break spaces, so that a narrow page does not break a duration.
    return f"{hours:,}\u00a0h\u00a0{rest}\u00a0min" if rest else f"{hours:,}\u00a0h"
