"""A second way to work out a refund, written from the regulation alone, to be compared with the first.

It knows GNPEC's current rule (Standards 12 and 13, pro rata by paid segment, nothing from half of the program on, all
but what may be kept within 72 hours of signing) and the older tier schedule, each with the default settings. A case is
what `aada refund preview` takes; the answer is the amount in cents. Nothing of `app.rules` is used.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

Case = dict[str, Any]

CURRENT_FEE_CAP = 150_00
TIERS = ((5, 95), (10, 90), (25, 75))
"""Completed percent, up to and including, and the percent that is paid back; then half, and nothing from half on."""


def amount_of(case: Case) -> int:
    """The refund in cents. Raises NotImplementedError for a policy that this way does not know."""
    if case["kind"] == "school_cancelled":
        return sum(payment["amount_cents"] for payment in case["payments"])
    if case["policy"] == "gnpec-current":
        return _current(case)
    if case["policy"] == "gnpec-tiers":
        return _tiers(case)
    raise NotImplementedError(case["policy"])


def _rounded(owed: Fraction) -> int:
    """Half a cent goes up; decimal arithmetic, so that the rounding is not the first way's."""
    scale = Decimal(owed.numerator * 10**12 // owed.denominator) / Decimal(10**12)
    exact = owed.denominator in (1, 2)
    value = Decimal(owed.numerator) / Decimal(owed.denominator) if exact else scale
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _paid(case: Case, target: str) -> int:
    return sum(payment["amount_cents"] for payment in case["payments"] if payment["for"] == target)


def _within_72_hours(case: Case) -> bool:
    signed = datetime.fromisoformat(case["agreement"]["signed_at"])
    left = datetime.fromisoformat(case["withdrawn_at"])
    return left - signed <= timedelta(hours=72)


def _fee(case: Case) -> tuple[int, int]:
    """Of what was paid for the application: what the school keeps, and what counts as any other fee."""
    paid = _paid(case, "application_fee")
    if not case["agreement"]["application_fee_disclosed"]:
        return 0, paid
    kept = min(paid, CURRENT_FEE_CAP)
    return kept, paid - kept


def _current(case: Case) -> int:
    total, done = case["program"]["total_minutes"], case["attended_minutes"]
    _kept_fee, other_fee = _fee(case)
    if _within_72_hours(case):
        back = other_fee + _paid(case, "program")
        back += sum(_paid(case, f"segment:{one['name']}") for one in case["program"]["segments"])
        for item in case["items"]:
            if not _may_keep(item):
                back += _paid(case, f"item:{item['name']}")
        return back
    if Fraction(done, total) >= Fraction(1, 2):
        return 0
    remaining = 1 - Fraction(done, total)
    owed = other_fee * remaining
    before = 0
    for one in case["program"]["segments"]:
        in_it = min(max(done - before, 0), one["total_minutes"])
        before += one["total_minutes"]
        owed += _paid(case, f"segment:{one['name']}") * (1 - Fraction(in_it, one["total_minutes"]))
    charge = sum(one["charge_cents"] for one in case["program"]["segments"])
    owed += max(Fraction(0), _paid(case, "program") - charge * Fraction(done, total))
    for item in case["items"]:
        paid = _paid(case, f"item:{item['name']}")
        if item["refundable"]:
            owed += paid * remaining
        elif not _may_keep(item):
            owed += paid
    return _rounded(owed)


def _may_keep(item: dict[str, Any]) -> bool:
    """Goods that were handed out and are of no use to another, named as nonrefundable in the agreement."""
    return bool(not item["refundable"] and item["disclosed"] and item["kept"])


def _tiers(case: Case) -> int:
    total, done = case["program"]["total_minutes"], case["attended_minutes"]
    paid = _paid(case, "program") + sum(
        _paid(case, f"segment:{one['name']}") for one in case["program"]["segments"]
    )
    if 2 * done >= total:
        return 0
    for up_to, back in TIERS:
        if 100 * done <= up_to * total:
            return _rounded(Fraction(paid * back, 100))
    return _rounded(Fraction(paid, 2))
