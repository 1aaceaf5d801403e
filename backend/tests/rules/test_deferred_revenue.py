"""Revenue by hours earned, against fractions, and what must hold of every enrollment."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.deferred_revenue import Charged, Standing

MINUTES = st.integers(0, 60_000)


@pytest.mark.parametrize(
    ("charged", "attended", "transferred", "required", "earned"),
    [
        (504_000, 2_880, 0, 28_800, 50_400),
        (504_000, 28_800, 0, 28_800, 504_000),
        # More than the program has is no more than all of it.
        (504_000, 30_000, 0, 28_800, 504_000),
        # 160 of 480 hours of $4,999.00: $1,666.333…
        (499_900, 9_600, 0, 28_800, 166_633),
        # 120 hours came from another school: 48 of the other 360.
        (504_000, 2_880, 7_200, 28_800, 67_200),
        # Half a cent goes up: a third of a minute's worth.
        (1, 1, 0, 2, 1),
        (-1, 1, 0, 2, -1),
        (504_000, 600, 0, None, 0),
    ],
)
def test_what_is_earned(
    charged: int, attended: int, transferred: int, required: int | None, earned: int
) -> None:
    found = Charged(charged, Standing.ACTIVE, attended, transferred, required)
    assert (found.earned_cents, found.deferred_cents) == (earned, charged - earned)


@given(st.integers(0, 10**9), MINUTES, MINUTES, st.integers(1, 60_000), MINUTES)
def test_earned_and_deferred_are_what_was_charged(
    charged: int, attended: int, transferred: int, required: int, more: int
) -> None:
    found = Charged(charged, Standing.ACTIVE, attended, transferred, required)
    here = max(required - transferred, 1)
    assert found.earned_cents == floor(Fraction(charged * min(attended, here), here) + Fraction(1, 2))
    assert found.earned_cents + found.deferred_cents == charged
    assert 0 <= found.earned_cents <= charged
    later = Charged(charged, Standing.ACTIVE, attended + more, transferred, required)
    assert later.earned_cents >= found.earned_cents
    for standing, earned in (
        (Standing.REFUND_PENDING, found.earned_cents),
        (Standing.COMPLETED, charged),
        (Standing.WITHDRAWN, charged),
        (Standing.NO_PROGRAM, 0),
    ):
        assert Charged(charged, standing, attended, transferred, required).earned_cents == earned
