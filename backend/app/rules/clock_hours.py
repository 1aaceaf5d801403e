"""Clock hours: what attended time is worth.

A clock hour is 50 to 60 minutes of class, supervised lab or internship within a 60-minute period (34 CFR 600.2), and
there is never more than one in 60 minutes: seven hours without a break are seven clock hours and not 8.4 (FSA
Handbook). Minutes are what is kept; clock hours are worked out from them by the policy of the day, never the other way.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.rules.hours import TimeEntry, start_of_day

PERIOD = timedelta(minutes=60)


def clock_hours_by_day(
    entries: Iterable[TimeEntry], zone: ZoneInfo, minutes_on: Callable[[date], int]
) -> dict[date, int]:
    """Clock hours by the day at the school on which their 60-minute period began; days without are left out.

    `minutes_on` gives the minutes that make a clock hour on a day. Periods do not overlap and begin while the student
    attends; as many as fit are counted. What is attended counts once, however it is cut into time entries: a clock-out
    and a clock-in at the same instant change nothing. Raises ValueError for a clock hour that has not 50 to 60 minutes.
    """
    attended = _merged(entries)
    found: dict[date, int] = {}
    free = datetime.min.replace(tzinfo=UTC)
    first = 0
    for start, end in _cut_at_midnight(attended, zone):
        begins = max(start, free)
        if begins >= end:
            continue
        day = start.astimezone(zone).date()
        needed = minutes_on(day)
        if not 50 <= needed <= 60:
            raise ValueError(f"a clock hour has 50 to 60 minutes, not {needed}")
        while attended[first][1] <= begins:
            first += 1
        # Later in the same stretch there is never more: what a period loses at its front it gains at most at its end.
        while begins < end and _within(attended, first, begins) >= timedelta(minutes=needed):
            found[day] = found.get(day, 0) + 1
            begins = free = begins + PERIOD
    return found


def clock_hours(entries: Iterable[TimeEntry], zone: ZoneInfo, clock_hour_minutes: int) -> int:
    """All clock hours of these entries where an hour of class has `clock_hour_minutes` of 60."""
    return sum(clock_hours_by_day(entries, zone, lambda _day: clock_hour_minutes).values())


def _merged(entries: Iterable[TimeEntry]) -> list[tuple[datetime, datetime]]:
    """The attended time as stretches in UTC that neither touch nor overlap, in order."""
    found: list[tuple[datetime, datetime]] = []
    spans = sorted((one.clock_in.astimezone(UTC), one.clock_out.astimezone(UTC)) for one in entries)
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def _cut_at_midnight(
    attended: Iterable[tuple[datetime, datetime]], zone: ZoneInfo
) -> Iterable[tuple[datetime, datetime]]:
    """The same stretches, each within one day: another policy may begin at midnight."""
    for start, end in attended:
        cursor = start
        while cursor < end:
            following = cursor.astimezone(zone).date() + timedelta(days=1)
            midnight = start_of_day(following, zone)
            while midnight <= cursor:
                # A date that comes twice, where clocks are put back just after midnight.
                following += timedelta(days=1)
                midnight = start_of_day(following, zone)
            yield cursor, min(midnight, end)
            cursor = min(midnight, end)


def _within(attended: list[tuple[datetime, datetime]], first: int, begins: datetime) -> timedelta:
    """How much of the 60 minutes from `begins` on is attended; `first` is the stretch that holds `begins`."""
    ends = begins + PERIOD
    total = timedelta()
    for start, end in attended[first:]:
        if start >= ends:
            break
        total += min(end, ends) - max(start, begins)
    return total
