"""Clock hours: worked examples of 34 CFR 600.2, and what must hold whatever is attended."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import hours
from app.rules.clock_hours import clock_hours, clock_hours_by_day
from app.rules.hours import TimeEntry

ZONE = ZoneInfo("America/New_York")
BASE = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entry(start: float, length: float, base: datetime = BASE) -> TimeEntry:
    begins = base + timedelta(minutes=start)
    return TimeEntry(begins, begins + timedelta(minutes=length))


@pytest.mark.parametrize(
    ("spans", "length", "expected"),
    [
        ([(0, 49)], 50, 0),
        ([(0, 49.99)], 50, 0),
        ([(0, 50)], 50, 1),
        ([(0, 50)], 60, 0),
        ([(0, 60)], 60, 1),
        ([(0, 109)], 50, 1),
        ([(0, 110)], 50, 2),
        ([(0, 420)], 50, 7),  # seven hours straight are seven, not 8.4
        ([(0, 420)], 60, 7),
        ([(0, 50), (60, 50), (120, 50)], 50, 3),  # a timetable with breaks of ten minutes
        ([(0, 50), (51, 50)], 50, 1),  # two within 101 minutes would be two in less than two periods
        ([(0, 25), (30, 25)], 50, 1),  # a short break within the period
        ([(0, 20), (40, 60)], 50, 1),
        ([(0, 10), (100, 50)], 50, 1),
        ([], 50, 0),
    ],
)
def test_worked_examples(spans: list[tuple[float, float]], length: int, expected: int) -> None:
    assert clock_hours([entry(*span) for span in spans], ZONE, length) == expected


def test_a_clock_hour_has_fifty_to_sixty_minutes() -> None:
    for length in (49, 61):
        with pytest.raises(ValueError, match="50 to 60"):
            clock_hours([entry(0, 60)], ZONE, length)


def test_the_policy_of_the_day_counts_and_another_begins_at_midnight() -> None:
    midnight = datetime(2026, 5, 5, tzinfo=ZONE)
    entries = [TimeEntry(midnight - timedelta(minutes=110), midnight + timedelta(minutes=120))]
    strict_then_mild = {date(2026, 5, 4): 60, date(2026, 5, 5): 50}
    # The second period of 60 minutes begins on the 4th and ends on the 5th; the next ones are the 5th's.
    assert clock_hours_by_day(entries, ZONE, strict_then_mild.__getitem__) == {
        date(2026, 5, 4): 2,
        date(2026, 5, 5): 2,
    }


@pytest.mark.parametrize(("day", "expected"), [((2026, 3, 8), 3), ((2026, 11, 1), 5)])
def test_days_on_which_clocks_change_have_the_hours_that_pass(
    day: tuple[int, int, int], expected: int
) -> None:
    one = TimeEntry(datetime(*day, 0, 30, tzinfo=ZONE), datetime(*day, 4, 30, tzinfo=ZONE))
    assert clock_hours([one], ZONE, 60) == expected


# Around a clock change and many midnights.
bases = st.sampled_from([BASE, datetime(2026, 3, 8, 2, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC)])
spans = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 600)), max_size=6)
lengths = st.integers(50, 60)


@given(bases, spans, lengths)
def test_hours_never_exceed_what_was_attended_nor_the_wall(
    base: datetime, given_spans: list[tuple[int, int]], length: int
) -> None:
    entries = [entry(*span, base) for span in given_spans]
    found = clock_hours(entries, ZONE, length)
    minutes = {minute for start, long in given_spans for minute in range(start, start + long)}
    assert found * length <= len(minutes)
    if minutes:
        # Periods of 60 minutes that do not overlap; the last may end after the student left.
        assert found * 60 <= max(minutes) + 1 - min(minutes) + 60 - length
    assert found >= (max((long for _, long in given_spans), default=0)) // 60


@given(bases, spans, lengths, st.lists(st.floats(0, 1), max_size=4))
def test_splitting_a_punch_changes_nothing(
    base: datetime, given_spans: list[tuple[int, int]], length: int, cuts: list[float]
) -> None:
    whole = [entry(*span, base) for span in given_spans]
    parts = []
    for one in whole:
        moments = sorted(one.clock_in + (one.clock_out - one.clock_in) * cut for cut in cuts)
        edges = [one.clock_in, *moments, one.clock_out]
        parts += [TimeEntry(*pair) for pair in pairwise(edges)]
    assert clock_hours_by_day(parts, ZONE, lambda _: length) == clock_hours_by_day(
        whole, ZONE, lambda _: length
    )


@given(bases, st.integers(0, 600), st.integers(0, 600))
def test_minutes_survive_a_split_at_a_whole_minute(base: datetime, length: int, cut: int) -> None:
    whole, cut = entry(0, length, base), min(cut, length)
    parts = [entry(0, cut, base), entry(cut, length - cut, base)]
    assert hours.totals_by_day(parts, ZONE) == hours.totals_by_day([whole], ZONE)


@given(bases, spans, lengths, st.tuples(st.integers(0, 4000), st.integers(0, 600)))
def test_more_time_is_never_worth_less(
    base: datetime, given_spans: list[tuple[int, int]], length: int, more: tuple[int, int]
) -> None:
    entries = [entry(*span, base) for span in given_spans]
    assert clock_hours([*entries, entry(*more, base)], ZONE, length) >= clock_hours(entries, ZONE, length)
    shorter = clock_hours(entries, ZONE, min(length + 1, 60))
    assert shorter <= clock_hours(entries, ZONE, length)


@given(bases, spans, lengths)
def test_the_days_add_up_to_the_whole(
    base: datetime, given_spans: list[tuple[int, int]], length: int
) -> None:
    entries = [entry(*span, base) for span in given_spans]
    by_day = clock_hours_by_day(entries, ZONE, lambda _: length)
    assert sum(by_day.values()) == clock_hours(entries, ZONE, length)
    assert set(by_day) <= set(hours.totals_by_day(entries, ZONE))
