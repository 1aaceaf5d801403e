"""The pro rata refund: worked examples of a 480-hour program, and what holds for every case."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.refunds import half_up, pro_rata

TUITION = 504_000
HOURS = 480 * 60
minutes = st.integers(0, HOURS)
cents = st.integers(0, 10_000_000)


@pytest.mark.parametrize(
    ("hours", "expected"), [(48, 453_600), (120, 378_000), (239, 253_050), (240, 0), (480, 0), (0, 504_000)]
)
def test_worked_examples(hours: int, expected: int) -> None:
    found = pro_rata(paid_cents=TUITION, completed_minutes=hours * 60, total_minutes=HOURS)
    assert found.amount_cents == expected
    assert "GNPEC Standard 12" in found.basis


def test_a_fraction_of_a_cent_is_rounded_once_and_half_up() -> None:
    found = pro_rata(paid_cents=499_900, completed_minutes=160 * 60, total_minutes=HOURS)
    assert found.amount_cents == 333_267
    assert [half_up(Fraction(n, 2)) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]


@given(paid=cents, done=minutes)
def test_never_negative_and_never_more_than_was_paid(paid: int, done: int) -> None:
    assert 0 <= pro_rata(paid_cents=paid, completed_minutes=done, total_minutes=HOURS).amount_cents <= paid


@given(paid=cents, less=minutes, more=minutes)
def test_who_completes_more_is_owed_no_more(paid: int, less: int, more: int) -> None:
    less, more = sorted((less, more))
    first = pro_rata(paid_cents=paid, completed_minutes=less, total_minutes=HOURS)
    second = pro_rata(paid_cents=paid, completed_minutes=more, total_minutes=HOURS)
    assert second.amount_cents <= first.amount_cents


@pytest.mark.parametrize(("paid", "done", "total"), [(-1, 0, 1), (0, -1, 1), (0, 0, 0)])
def test_impossible_input_is_refused(paid: int, done: int, total: int) -> None:
    with pytest.raises(ValueError, match=r"never negative|at least a minute"):
        pro_rata(paid_cents=paid, completed_minutes=done, total_minutes=total)
