"""How a student stands in attendance, and which rule puts them on the at-risk list.

What is measured, per enrollment: the last day attended, the hours attended as a percentage of the hours scheduled,
scheduled days in a row without attendance, and late arrivals. Signing in is not attendance (34 CFR 600.2): only
attendance records count. Excused days neither count as absences nor end a row of them, and what meets during a leave of
absence is not scheduled for the student. The thresholds are the school's policy; no regulation seen sets them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal

from app.rules.hours import TimeEntry
from app.rules.roster import is_tardy


@dataclass(frozen=True, slots=True)
class ScheduledMeeting:
    """A meeting that is over. `arrived` is when the roster says that the student came late; `marked` whether it says
    anything; `left_out` whether it is excused, was not attended, and is by the policy no time that was scheduled."""

    starts: datetime
    ends: datetime
    day: date
    marked: bool = False
    arrived: datetime | None = None
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The policy's: see `school.kinds.AttendancePolicy`."""

    consecutive_absences: int
    attendance_pct: int
    tardies: int
    days: int
    late_after_minutes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What was measured, and the sentences of the rules that put the student on the list; none without a rule."""

    last_attended_on: date | None
    attended_minutes: int
    scheduled_minutes: int
    attendance_pct: Decimal | None
    absences: int
    consecutive_absences: int
    excused: int
    tardies: int
    reasons: tuple[str, ...]


def percentage(attended: int, scheduled: int) -> Decimal | None:
    """Attended of scheduled in percent to one decimal, cut and never rounded up; None where nothing is scheduled."""
    if not scheduled:
        return None
    return (Decimal(attended) * 100 / scheduled).quantize(Decimal("0.1"), rounding=ROUND_DOWN)


def consecutive_absences(days: Iterable[date], attended: Collection[date], excused: Collection[date]) -> int:
    """How many of the latest scheduled days in a row had no attendance; excused days are passed over."""
    missed = 0
    for day in sorted(set(days), reverse=True):
        if day in attended:
            break
        missed += day not in excused
    return missed


def tardies(
    meetings: Sequence[ScheduledMeeting], entries: Sequence[TimeEntry], late_after_minutes: int
) -> int:
    """How many meetings the student came late to: as the roster says, else by the attendance record."""
    late = 0
    for one in meetings:
        if one.marked:
            late += one.arrived is not None
            continue
        there = [
            entry.clock_in for entry in entries if entry.clock_in < one.ends and entry.clock_out > one.starts
        ]
        late += bool(there) and is_tardy(min(there), one.starts, late_after_minutes)
    return late


def standing(
    *,
    meetings: Sequence[ScheduledMeeting],
    by_day: Mapping[date, int],
    attended_minutes: int,
    last_attended_on: date | None,
    excused: Collection[date],
    entries: Sequence[TimeEntry],
    since: date,
    thresholds: Thresholds,
) -> Standing:
    """Measure one enrollment. `meetings` are all that are over, `by_day` the minutes of the days from `since` on, and
    `entries` the closed attendance records of that time; absences and late arrivals are counted from then on."""
    scheduled = sum((one.ends - one.starts).total_seconds() for one in meetings if not one.left_out) // 60
    recent = [one for one in meetings if one.day >= since]
    days = {one.day for one in recent}
    attended = {day for day, minutes in by_day.items() if minutes > 0}
    missed = days - attended
    row = consecutive_absences(days, attended, excused)
    late = tardies(recent, entries, thresholds.late_after_minutes)
    percent = percentage(attended_minutes, int(scheduled))
    reasons = []
    if row >= thresholds.consecutive_absences:
        reasons.append(
            f"{row} scheduled days in a row without attendance (the policy’s limit is "
            f"{thresholds.consecutive_absences})"
        )
    if percent is not None and percent < thresholds.attendance_pct:
        reasons.append(
            f"{percent}% of the scheduled hours attended (the policy asks for {thresholds.attendance_pct}%)"
        )
    if late >= thresholds.tardies:
        reasons.append(
            f"{late} late arrivals in {thresholds.days} days (the policy’s limit is {thresholds.tardies})"
        )
    return Standing(
        last_attended_on=last_attended_on,
        attended_minutes=attended_minutes,
        scheduled_minutes=int(scheduled),
        attendance_pct=percent,
        absences=len(missed - set(excused)),
        consecutive_absences=row,
        excused=len(missed & set(excused)),
        tardies=late,
        reasons=tuple(reasons),
    )
