"""What the school owes GNPEC each year: the authorization fee and the Tuition Guaranty Trust Fund (TGTF) fee.

Both are shares of base B, tuition and fees minus refunds (GNPEC fee schedule for nondegree institutions). Integer
cents, rounded half-up once at the end. The rates are a dated policy of the school; the defaults are the schedule's.
"""

from dataclasses import dataclass

PERCENT = 10_000
"""Rates are in hundredths of a percent of the base."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The fee schedule in force: rates in hundredths of a percent, bounds in whole cents."""

    authorization_rate: int = 20
    authorization_least_cents: int = 50_000
    authorization_most_cents: int = 2_500_000
    trust_fund_rate: int = 10
    trust_fund_least_cents: int = 20_000
    trust_fund_owed: bool = True
    """The trust fund is paid to in the first seven years alone."""


@dataclass(frozen=True, slots=True)
class Base:
    """Tuition and fees as charged, the waivers and refunds taken off, in cents. Gross is what was charged."""

    tuition_cents: int
    fees_cents: int
    waived_cents: int
    refunded_cents: int

    @property
    def gross_cents(self) -> int:
        return self.tuition_cents + self.fees_cents

    @property
    def base_cents(self) -> int:
        """Base B: gross minus what is taken off."""
        return self.gross_cents - self.waived_cents - self.refunded_cents


def authorization_fee_cents(base_cents: int, terms: Terms) -> int:
    """The share of the base within its bounds: 0.2%, at least $500.00 and at most $25,000.00 by the schedule."""
    fee = _share(base_cents, terms.authorization_rate)
    return min(max(fee, terms.authorization_least_cents), terms.authorization_most_cents)


def trust_fund_fee_cents(base_cents: int, terms: Terms) -> int:
    """The share of the base, 0.1% and at least $200.00 by the schedule; nothing after the first seven years."""
    if not terms.trust_fund_owed:
        return 0
    return max(_share(base_cents, terms.trust_fund_rate), terms.trust_fund_least_cents)


def _share(cents: int, rate: int) -> int:
    # Floor division after adding a half rounds half-up; a base below zero ends in the minimum anyway.
    return (cents * rate + PERCENT // 2) // PERCENT
