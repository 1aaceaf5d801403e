"""Leaves of absence: the limit in any window, against a count of every window; and what a return covers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.leaves import Leave, Limit, after_months, days_before, excused, most_days, why_not

START = date(2024, 1, 1)
YEAR = Limit(180, 12)


def leave(first: int, days: int) -> Leave:
    begin = START + timedelta(days=first)
    return Leave(begin, begin + timedelta(days=days))


LEAVES = st.lists(st.builds(leave, st.integers(0, 900), st.integers(0, 200)), max_size=5)


@given(LEAVES, st.integers(1, 18))
def test_no_window_holds_more_days_than_the_most(leaves: list[Leave], months: int) -> None:
    before = [0]  # days of leave before each day
    for day in (START + timedelta(days=n) for n in range(1900)):
        before.append(before[-1] + any(one.covers(day) for one in leaves))
    counted = 0
    for first in range(1200):
        end = (after_months(START + timedelta(days=first), months) - START).days
        counted = max(counted, before[end] - before[first])
    assert most_days(leaves, months) == counted


@given(LEAVES, st.builds(leave, st.integers(0, 900), st.integers(0, 200)))
def test_a_leave_is_allowed_exactly_within_the_limit_and_beside_the_others(
    others: list[Leave], wanted: Leave
) -> None:
    refused = why_not(wanted, others, YEAR)
    shares = any(
        one.covers(wanted.starts_on + timedelta(days=n)) for one in others for n in range(wanted.days)
    )
    fits = wanted.days >= 1 and not shares and most_days([*others, wanted], 12) <= 180
    assert (refused is None) == fits
    if refused is None:  # and it stays allowed with fewer others
        assert why_not(wanted, others[1:], YEAR) is None


@pytest.mark.parametrize(
    ("first", "days", "allowed"),
    [(0, 180, True), (0, 181, False), (0, 0, False), (0, -3, False)],
)
def test_the_limit_itself_is_allowed(first: int, days: int, allowed: bool) -> None:
    assert (why_not(leave(first, days), [], YEAR) is None) == allowed


def test_another_window_begins_after_twelve_months() -> None:
    taken = [Leave(date(2025, 1, 1), date(2025, 6, 30))]  # 180 days
    assert why_not(Leave(date(2025, 12, 31), date(2026, 1, 10)), taken, YEAR) is not None
    assert why_not(Leave(date(2026, 6, 30), date(2026, 12, 27)), taken, YEAR) is None
    assert after_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert after_months(date(2025, 8, 31), 6) == date(2026, 2, 28)


def test_a_late_return_covers_no_day_past_the_one_that_was_expected() -> None:
    day = date(2026, 3, 2)
    assert excused(day, day + timedelta(days=10), None).days == 10
    assert excused(day, day + timedelta(days=10), day + timedelta(days=4)).days == 4
    assert excused(day, day + timedelta(days=10), day + timedelta(days=14)).days == 10
    assert excused(day, day + timedelta(days=10), day).days == 0
    leaves = [leave(0, 10), leave(20, 5)]
    assert [days_before(leaves, START + timedelta(days=n)) for n in (0, 4, 15, 22, 99)] == [0, 4, 10, 12, 15]
