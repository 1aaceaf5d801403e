"""GNPEC's fees: the examples of the fee schedule, its edges, and what the school's own terms change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.state_fees import Base, Terms, authorization_fee_cents, trust_fund_fee_cents

SCHEDULE = Terms()
CENTS = st.integers(-10_000_000_00, 100_000_000_00)


@pytest.mark.parametrize(
    ("base", "authorization", "trust_fund"),
    [
        (18_000_000, 50_000, 20_000),
        (61_234_567, 122_469, 61_235),
        (0, 50_000, 20_000),
        (-5_000, 50_000, 20_000),
        (25_000_000, 50_000, 25_000),
        (1_250_000_000, 2_500_000, 1_250_000),
        (1_250_000_250, 2_500_000, 1_250_000),
        (2_000_000_000, 2_500_000, 2_000_000),
        # Half a cent goes up.
        (25_000_250, 50_001, 25_000),
        (20_000_500, 50_000, 20_001),
    ],
)
def test_the_fees_of_the_schedule(base: int, authorization: int, trust_fund: int) -> None:
    assert (authorization_fee_cents(base, SCHEDULE), trust_fund_fee_cents(base, SCHEDULE)) == (
        authorization,
        trust_fund,
    )


@given(CENTS, CENTS, CENTS, CENTS)
def test_base_and_what_is_taken_off_are_gross(tuition: int, fees: int, waived: int, refunded: int) -> None:
    found = Base(tuition, fees, waived, refunded)
    assert found.base_cents + refunded + waived == found.gross_cents == tuition + fees


@given(CENTS, CENTS)
def test_a_larger_base_never_owes_less(one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert authorization_fee_cents(less, SCHEDULE) <= authorization_fee_cents(more, SCHEDULE)
    assert trust_fund_fee_cents(less, SCHEDULE) <= trust_fund_fee_cents(more, SCHEDULE)
    assert trust_fund_fee_cents(one, replace(SCHEDULE, trust_fund_owed=False)) == 0
