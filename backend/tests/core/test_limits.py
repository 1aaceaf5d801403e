"""Limits: a model in memory and the table agree, and counting is exact over connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock, limits
from app.core.limits import Limit, in_words, network_of
from app.db.models import LimitCounter
from app.db.session import Database

FEW = Limit("few", 3, timedelta(minutes=3), "Wait {wait}.")
MANY = Limit("many", 5, timedelta(minutes=50), "Wait {wait} for many.")


def test_so_many_at_once_and_then_as_they_become_free(session: Session) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        assert [limits.take(session, [(FEW, "a")]) for _ in range(3)] == [None] * 3
        wait = limits.take(session, [(FEW, "a")])
        assert wait is not None
        assert wait.seconds == 60
        assert limits.take(session, [(FEW, "b")]) is None
        travel.shift(59)
        assert limits.take(session, [(FEW, "a")]) is not None
        travel.shift(1)
        assert limits.take(session, [(FEW, "a")]) is None
        assert limits.take(session, [(FEW, "a")]) is not None


@given(st.lists(st.integers(0, 100), max_size=30))
def test_over_any_time_no_more_pass_than_the_limit_says(pauses: list[int]) -> None:
    """The rule in plain arithmetic: `most`, and one more for each `each` that has passed."""
    full_at, now, passed = 0.0, 0.0, []
    each, per = FEW.each.total_seconds(), FEW.per.total_seconds()
    for pause in pauses:
        now += pause
        after = max(full_at, now) + each
        if after <= now + per:
            full_at = after
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= FEW.most + (passed[last] - passed[first]) / each


def test_when_one_limit_is_used_up_no_other_is_counted(session: Session) -> None:
    for _ in range(FEW.most):
        assert limits.take(session, [(FEW, "a")]) is None
    for _ in range(2 * MANY.most):
        wait = limits.take(session, [(FEW, "a"), (MANY, "a")])
        assert wait is not None
        assert wait.limit is FEW
    for _ in range(MANY.most):
        assert limits.take(session, [(MANY, "a")]) is None
    both = limits.take(session, [(FEW, "a"), (MANY, "a")])
    assert both is not None
    assert both.limit is MANY  # the longer wait
    problem = both.problem()
    assert problem.status == 429
    assert problem.headers["Retry-After"] == str(both.seconds)
    assert problem.detail == "Wait 10 minutes for many."


def test_what_is_given_back_and_forgotten_can_be_taken_again(session: Session) -> None:
    for _ in range(10):
        assert limits.take(session, [(FEW, "a"), (MANY, "a")]) is None
        limits.give_back(session, [(FEW, "a"), (MANY, "a")])
    for _ in range(FEW.most):
        limits.take(session, [(FEW, "a")])
    limits.forget(session, [(FEW, "a")])
    assert limits.take(session, [(FEW, "a")]) is None


def test_rows_that_say_nothing_are_purged_and_no_row_says_whom_it_counts(session: Session) -> None:
    limits.take(session, [(FEW, "203.0.113.7")])
    limits.take(session, [(MANY, "203.0.113.7")])
    assert all("203.0.113.7" not in key for key in session.scalars(select(LimitCounter.key)))
    assert limits.purge(session) == 0
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert limits.purge(session) == 1
        assert session.scalar(select(func.count()).select_from(LimitCounter)) == 1


def test_counting_costs_no_write_ahead_log(session: Session) -> None:
    assert session.scalar(text("SELECT relpersistence FROM pg_class WHERE relname = 'limit_counters'")) == "u"


def test_a_burst_over_many_connections_is_counted_exactly(live_database: Database) -> None:
    def attempt(number: int) -> bool:
        claims = [(MANY, "a"), (FEW, f"{number % 2}")]
        with live_database.begin() as session:
            return limits.take(session, claims if number % 3 else claims[::-1]) is None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(40))).count(True) == MANY.most


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        (None, None),
    ],
)
def test_an_ipv6_customer_counts_as_one(ip: str | None, network: str | None) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (5400, "90 minutes"),
        (7201, "3 hours"),
    ],
)
def test_a_wait_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
