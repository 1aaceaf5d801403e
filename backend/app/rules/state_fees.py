"""What the school owes GNPEC each year: the authorization fee and the Tuition Guaranty Trust Fund (TGTF) fee.

Both are shares of base B, tuition and fees minus refunds (GNPEC fee schedule for nondegree institutions). Integer
cents, rounded half-up once at the end.
"""

AUTHORIZATION_LEAST_CENTS, AUTHORIZATION_MOST_CENTS = 50_000, 2_500_000
TRUST_FUND_LEAST_CENTS = 20_000
TRUST_FUND_YEARS = 7
"""The trust fund is paid to in the first seven years."""


def authorization_fee_cents(base_cents: int) -> int:
    """0.2% of the base, at least $500.00 and at most $25,000.00."""
    return min(max(_per_mille(base_cents, 2), AUTHORIZATION_LEAST_CENTS), AUTHORIZATION_MOST_CENTS)


def trust_fund_fee_cents(base_cents: int) -> int:
    """0.1% of the base, at least $200.00, in the first seven years."""
    return max(_per_mille(base_cents, 1), TRUST_FUND_LEAST_CENTS)


def _per_mille(cents: int, share: int) -> int:
    # Floor division after adding a half rounds half-up; a base below zero ends in the minimum anyway.
    return (cents * share + 500) // 1000
