"""Last day, percentage, absences in a row, late arrivals, and the rule behind each name on the list."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.attendance_standing import (
    ScheduledMeeting,
    Standing,
    Thresholds,
    consecutive_absences,
    percentage,
    standing,
)
from app.rules.hours import TimeEntry

MONDAY = date(2026, 5, 4)
LIMITS = Thresholds(consecutive_absences=3, attendance_pct=80, tardies=2, days=30, late_after_minutes=5)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def start(number: int, minutes: int = 0) -> datetime:
    return datetime(2026, 5, 4, 12, tzinfo=UTC) + timedelta(days=number, minutes=minutes)


def meeting(number: int, *, marked: bool = False, arrived: int | None = None) -> ScheduledMeeting:
    came = None if arrived is None else start(number, arrived)
    return ScheduledMeeting(start(number), start(number, 240), day(number), marked, came)


def measured(
    minutes: dict[int, int],
    *,
    meetings: list[ScheduledMeeting] | None = None,
    excused: set[int] = frozenset(),  # type: ignore[assignment]
    entries: list[TimeEntry] | None = None,
) -> Standing:
    by_day = {day(number): length for number, length in minutes.items()}
    return standing(
        meetings=[meeting(number) for number in range(10)] if meetings is None else meetings,
        by_day=by_day,
        attended_minutes=sum(minutes.values()),
        last_attended_on=max(by_day, default=None),
        excused={day(number) for number in excused},
        entries=entries or [],
        since=MONDAY,
        thresholds=LIMITS,
    )


def test_who_attends_everything_is_on_no_list() -> None:
    found = measured(dict.fromkeys(range(10), 240))
    assert (found.attendance_pct, found.absences, found.reasons) == (Decimal("100.0"), 0, ())


@pytest.mark.parametrize(
    ("attended", "excused", "in_a_row", "absences"),
    [
        (range(10), (), 0, 0),
        (range(8), (), 2, 2),
        (range(7), (), 3, 3),
        (range(7), (8,), 2, 2),  # an excused day is passed over, and ends nothing
        ((0, 1, 2, 9), (), 0, 6),
        ((), (), 10, 10),
        ((), range(10), 0, 0),
    ],
)
def test_absences_in_a_row(attended: range, excused: range, in_a_row: int, absences: int) -> None:
    found = measured(dict.fromkeys(attended, 240), excused=set(excused))
    assert (found.consecutive_absences, found.absences) == (in_a_row, absences)
    assert any("in a row" in one for one in found.reasons) == (in_a_row >= 3)


def test_the_percentage_is_cut_and_the_rule_is_below_not_at() -> None:
    assert percentage(1999, 2400) == Decimal("83.2")
    assert percentage(0, 0) is None
    at = measured(dict.fromkeys(range(8), 240))
    assert (at.attendance_pct, [one for one in at.reasons if "%" in one]) == (Decimal("80.0"), [])
    below = measured(dict.fromkeys(range(8), 239))
    assert below.reasons == ("79.6% of the scheduled hours attended (the policy asks for 80%)",)


def test_a_late_arrival_is_what_the_roster_says_else_what_the_record_says() -> None:
    meetings = [
        meeting(0, marked=True, arrived=20),
        meeting(1, marked=True),
        meeting(2),
        meeting(3),
        meeting(4),
    ]
    entries = [
        TimeEntry(start(1, 30), start(1, 240)),  # marked present: the instructor saw them in time
        TimeEntry(start(2, 5), start(2, 240)),
        TimeEntry(start(3, 6), start(3, 240)),
        TimeEntry(start(4, -5), start(4, 60)),
        TimeEntry(start(4, 90), start(4, 240)),
    ]
    found = measured(dict.fromkeys(range(5), 240), meetings=meetings, entries=entries)
    assert found.tardies == 2
    assert found.reasons == ("2 late arrivals in 30 days (the policy’s limit is 2)",)


days = st.sets(st.integers(0, 30).map(day))


@given(days, days, days)
def test_a_day_attended_never_makes_a_row_longer(
    scheduled: set[date], attended: set[date], excused: set[date]
) -> None:
    found = consecutive_absences(scheduled, attended, excused)
    assert 0 <= found <= len(scheduled - attended)
    for one in scheduled:
        assert consecutive_absences(scheduled, attended | {one}, excused) <= found
        assert consecutive_absences(scheduled, attended, excused | {one}) <= found
