"""Installments: exact cents, the oldest first, and a fee that the day decides."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.installments import LateFee, due_dates, split, unpaid

CENTS = st.integers(1, 10**9)


@given(CENTS, st.integers(1, 60))
def test_a_split_adds_up_with_the_cents_in_the_first(total: int, count: int) -> None:
    if total < count:
        with pytest.raises(ValueError, match="more installments than cents"):
            split(total, count)
        return
    found = split(total, count)
    assert (len(found), sum(found)) == (count, total)
    assert len(set(found[1:])) <= 1
    assert 0 <= found[0] - found[-1] < count
    assert min(found) > 0


@given(st.lists(CENTS, min_size=1, max_size=30), st.lists(CENTS, max_size=20))
def test_money_pays_the_oldest_and_each_cent_once(amounts: list[int], payments: list[int]) -> None:
    left = unpaid(amounts, sum(payments))
    assert sum(amounts) - sum(left) == min(sum(payments), sum(amounts))
    assert all(0 <= rest <= amount for rest, amount in zip(left, amounts, strict=True))
    # Nothing of a later installment is paid while an earlier one is open.
    first = next((place for place, rest in enumerate(left) if rest), len(left))
    assert left[first + 1 :] == amounts[first + 1 :]
    # In one sum or in many: the same.
    step = amounts
    for one in payments:
        step = unpaid(step, one)
    assert step == left


@given(
    st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    st.integers(1, 60),
    st.sampled_from(["month", "two_weeks", "week"]),
)
def test_due_dates_rise_and_keep_their_day(first: date, count: int, every: str) -> None:
    days = due_dates(first, count, every)  # type: ignore[arg-type]
    assert days[0] == first
    assert days == sorted(set(days))
    if every == "month":
        assert all(day.day == first.day or (day + timedelta(1)).day == 1 for day in days)
    else:
        assert len({later - earlier for earlier, later in pairwise(days)}) <= 1


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert [day.isoformat() for day in due_dates(date(2026, 12, 31), 4, "month")] == [
        "2026-12-31",
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
    ]


@pytest.mark.parametrize(
    ("fee", "left", "cents"),
    [
        (LateFee("no_fee", 2_500), 35_000, 0),
        (LateFee("fee_amount", 2_500), 35_000, 2_500),
        (LateFee("fee_amount", 2_500), 1_000, 1_000),
        (LateFee("fee_amount", 2_500), 0, 0),
        (LateFee("fee_percent", percent=5), 35_000, 1_750),
        (LateFee("fee_percent", percent=5), 35_010, 1_751),
        (LateFee("fee_percent", percent=5), 35_009, 1_750),
        (LateFee("fee_percent", percent=5, cap_cents=1_000), 35_000, 1_000),
    ],
)
def test_a_late_fee(fee: LateFee, left: int, cents: int) -> None:
    assert fee.of(left) == cents


def test_the_grace_period_begins_with_the_agreement_at_the_earliest() -> None:
    fee = LateFee("fee_amount", 100, grace_days=10)
    assert fee.last_day(date(2026, 11, 1), date(2026, 10, 1)) == date(2026, 11, 11)
    assert fee.last_day(date(2026, 11, 1), date(2026, 11, 20)) == date(2026, 11, 30)
