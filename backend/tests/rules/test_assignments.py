"""When work is late and what it costs, and what a hand-in scores."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.rules.assignments import (
    Late,
    LatePolicy,
    due_for,
    lateness,
    may_hand_in_again,
    passes,
    score,
)

DUE = datetime(2026, 5, 4, 3, 59, tzinfo=UTC)
AGES = st.timedeltas(timedelta(days=-40), timedelta(days=40))
POLICIES = st.builds(
    LatePolicy, st.sampled_from(Late), st.integers(0, 100), st.none() | st.integers(min_value=1, max_value=30)
)


def test_the_due_moment_is_in_time_and_each_started_day_counts() -> None:
    policy = LatePolicy(Late.REDUCE, 10, 3)
    assert lateness(DUE, DUE, policy).days == 0
    assert lateness(DUE, DUE + timedelta(microseconds=1), policy).deduction_pct == 10
    assert lateness(DUE, DUE + timedelta(days=1), policy).days == 1
    assert lateness(DUE, DUE + timedelta(days=3), policy).accepted
    assert not lateness(DUE, DUE + timedelta(days=3, seconds=1), policy).accepted
    assert not lateness(DUE, DUE + timedelta(seconds=1), LatePolicy(Late.REFUSE)).accepted
    assert lateness(None, DUE, LatePolicy(Late.REFUSE)).accepted


@given(AGES, AGES, POLICIES)
def test_later_is_never_better(one: timedelta, other: timedelta, policy: LatePolicy) -> None:
    first, second = sorted([one, other])
    early, late = lateness(DUE, DUE + first, policy), lateness(DUE, DUE + second, policy)
    assert early.days <= late.days
    assert early.accepted or not late.accepted
    if late.accepted:
        assert early.deduction_pct <= late.deduction_pct <= 100


@given(st.lists(AGES), st.none() | AGES)
def test_more_time_never_takes_time_away(classes: list[timedelta], own: timedelta | None) -> None:
    dates = [DUE + one for one in classes]
    found = due_for(dates, None if own is None else DUE + own)
    assert (found is None) == (not dates)
    if found is not None:
        assert found >= max(dates)
        assert own is None or found >= DUE + own


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 100), st.integers(1, 100))
def test_a_score_is_exact_and_rounded_once(points: int, possible: int, cost: int, needed: int) -> None:
    points = min(points, possible)
    exact = max(Fraction(0), Fraction(points * 100, possible) - cost)
    found = score(points, possible, cost)
    assert abs(Fraction(found) - exact) <= Fraction(1, 200)
    assert Decimal(0) <= found <= 100
    assert passes(points, possible, cost, needed, missed_critical=False) == (exact >= needed)
    assert not passes(points, possible, cost, needed, missed_critical=True)


def test_what_is_passed_by_rounding_is_not_passed() -> None:
    # 74.996 % is shown as 75.00 and does not pass 75.
    assert score(18749, 25000, 0) == Decimal("75.00")
    assert not passes(18749, 25000, 0, 75, missed_critical=False)


def test_handing_in_again() -> None:
    free = {"several": True, "again_after": None, "on_time": True, "graded": False}
    assert may_hand_in_again(0, several=False, again_after=None, on_time=False, graded=False) is None
    assert may_hand_in_again(1, **free) is None  # type: ignore[arg-type]
    for change in ({"several": False}, {"on_time": False}, {"graded": True}):
        assert may_hand_in_again(1, **(free | change)), change  # type: ignore[arg-type]
        assert may_hand_in_again(1, **(free | change | {"again_after": 1})) is None  # type: ignore[arg-type]
        assert may_hand_in_again(2, **(free | change | {"again_after": 1})), "once only"  # type: ignore[arg-type]
