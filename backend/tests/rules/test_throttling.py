"""Waits between attempts to sign in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.rules.throttling import (
    ADDRESS_FAILURES,
    ADDRESS_WINDOW,
    FREE_FAILURES,
    LONGEST_WAIT,
    MOST_FAILURES,
    account_wait,
    address_wait,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(st.integers(0, FREE_FAILURES - 1))
def test_a_few_mistakes_cost_nothing(failures: int) -> None:
    assert account_wait(failures, NOW, NOW) is None


@given(st.integers(FREE_FAILURES, MOST_FAILURES - 2))
def test_each_failure_costs_at_least_as_much_as_the_one_before_and_never_over_an_hour(failures: int) -> None:
    this, following = account_wait(failures, NOW, NOW), account_wait(failures + 1, NOW, NOW)
    assert this is not None
    assert following is not None
    assert 0 < this.seconds <= following.seconds <= LONGEST_WAIT.total_seconds()


@given(st.integers(FREE_FAILURES, MOST_FAILURES - 1))
def test_a_wait_that_is_over_is_over(failures: int) -> None:
    wait = account_wait(failures, NOW, NOW)
    assert wait is not None
    assert account_wait(failures, NOW, NOW + timedelta(seconds=wait.seconds)) is None
    assert account_wait(failures, NOW, NOW + timedelta(seconds=wait.seconds - 1)) is not None


@given(st.integers(MOST_FAILURES, 10_000), st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_after_a_hundred_in_a_row_only_a_new_password_helps(failures: int, later: timedelta) -> None:
    wait = account_wait(failures, NOW, NOW + later)
    assert wait is not None
    assert wait.needs_new_password


@given(st.lists(st.timedeltas(timedelta(0), timedelta(hours=1)), max_size=2 * ADDRESS_FAILURES))
def test_an_address_waits_until_fewer_than_the_limit_are_in_the_window(ages: list[timedelta]) -> None:
    failures = sorted(NOW - age for age in ages)
    wait = address_wait(failures, NOW)
    inside = [moment for moment in failures if moment > NOW - ADDRESS_WINDOW]
    assert (wait is None) == (len(inside) < ADDRESS_FAILURES)
    if wait is not None:
        later = NOW + timedelta(seconds=wait.seconds)
        assert address_wait(failures, later) is None
