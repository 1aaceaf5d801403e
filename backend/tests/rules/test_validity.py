"""How long certifications are valid."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.validity import last_day

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
MONTHS = st.integers(1, 240)


@pytest.mark.parametrize(
    ("issued", "months", "end"),
    [
        (date(2026, 5, 15), 24, date(2028, 5, 14)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
    ],
)
def test_examples(issued: date, months: int, end: date) -> None:
    assert last_day(issued, months) == end


@given(DAYS, MONTHS, MONTHS)
def test_it_is_never_shorter_than_28_days_a_month_and_grows_with_the_months(
    issued: date, one: int, more: int
) -> None:
    end = last_day(issued, one)
    assert timedelta(days=27 * one) <= end - issued < timedelta(days=31 * one)
    assert last_day(issued, one + more) > end


@given(DAYS, MONTHS)
def test_who_gets_it_a_day_later_does_not_lose_it_earlier(issued: date, months: int) -> None:
    assert last_day(issued + timedelta(days=1), months) >= last_day(issued, months)


def test_no_month_is_none() -> None:
    with pytest.raises(ValueError, match="at least one month"):
        last_day(date(2026, 1, 1), 0)
