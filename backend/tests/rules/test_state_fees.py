"""GNPEC's fees on tuition and fees minus refunds."""

import pytest

from app.rules.state_fees import authorization_fee_cents, trust_fund_fee_cents


@pytest.mark.parametrize(
    ("base", "authorization", "trust_fund"),
    [
        (18_000_000, 50_000, 20_000),  # worked: $180,000.00 -> $500.00 and $200.00
        (61_234_567, 122_469, 61_235),  # worked: $612,345.67 -> $1,224.69 and $612.35, half-up
        (25_000_000, 50_000, 25_000),
        (25_000_250, 50_001, 25_000),  # a half is rounded up
        (2_000_000_000, 2_500_000, 2_000_000),  # the first has a maximum, the second none
        (0, 50_000, 20_000),
        (-5_000_000, 50_000, 20_000),  # more was refunded than charged
    ],
)
def test_the_fees_of_a_year(base: int, authorization: int, trust_fund: int) -> None:
    assert (authorization_fee_cents(base), trust_fund_fee_cents(base)) == (authorization, trust_fund)
