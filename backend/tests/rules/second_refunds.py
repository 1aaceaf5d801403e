"""A second way to work out a refund, written from the regulation and the documented case file alone.

It is compared with `app.rules.refunds` on generated cases, with the default settings. A case is what `aada refund
preview` takes; the answer is the amount in cents. Nothing of `app.rules` is used, and the arithmetic is another: all
money is brought to one denominator, in whole numbers, and halved there.
"""

from datetime import date, datetime, timedelta
from math import lcm
from typing import Any
from zoneinfo import ZoneInfo

Case = dict[str, Any]
FEE_CAPS = {"gnpec-current": 150_00, "gnpec-tiers": 100_00, "standard-nine": 100_00}
TIERS = ((5, 95), (10, 90), (25, 75))
"""Percent completed, up to and including, and the percent that is paid back; then half, and nothing from half on."""
ATLANTA = ZoneInfo("America/New_York")


def amount_of(case: Case) -> int:
    """The refund in cents."""
    if case["kind"] == "school_cancelled":
        return sum(one["amount_cents"] for one in case["payments"])
    if _may_cancel(case):
        return sum(_paid(case).values()) - sum(_kept(case, canceled=True).values())
    total = case["program"]["total_minutes"]
    done = min(case["attended_minutes"], total)
    if 2 * done >= total:
        return 0
    if case["policy"] == "gnpec-tiers":
        back = next((back for upto, back in TIERS if 100 * done <= upto * total), 50)
        lost = (100 - back, 100)
    else:
        lost = (done, total)
    return _share(case, lost, done)


def _share(case: Case, lost: tuple[int, int], done: int) -> int:
    """What comes back of all money, `lost` being the part of fees and of the program that was used up."""
    paid, kept = _paid(case), _kept(case, canceled=False)
    segments = case["program"]["segments"]
    tiers = case["policy"] == "gnpec-tiers"
    unit = lcm(lost[1], *(one["total_minutes"] for one in segments))
    back, before = 0, 0
    for one in segments:
        inside = min(max(done - before, 0), one["total_minutes"])
        before += one["total_minutes"]
        top, bottom = lost if tiers else (inside, one["total_minutes"])
        money = paid.pop(f"segment:{one['name']}", None)
        if money is not None:
            back += money * (bottom - top) * (unit // bottom)
    toward = paid.pop("program", 0)
    charge = sum(one["charge_cents"] for one in segments) if segments else toward
    # Instalments buy the first hours: what is left after the hours done are paid at the program's charge.
    back += max(0, toward * unit - charge * lost[0] * (unit // lost[1]))
    for purpose, money in paid.items():
        back += (money - kept.get(purpose, 0)) * (lost[1] - lost[0]) * (unit // lost[1])
    return (2 * back + unit) // (2 * unit)


def is_mixed(case: Case) -> bool:
    """Whether segments are paid by name and the program by instalments; the regulation says nothing of both."""
    paid = {purpose.partition(":")[0] for purpose, money in _paid(case).items() if money}
    return {"segment", "program"} <= paid


def _paid(case: Case) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in case["payments"]:
        found[one["for"]] = found.get(one["for"], 0) + one["amount_cents"]
    return found


def _kept(case: Case, *, canceled: bool) -> dict[str, int]:
    """What the school keeps of what was paid for the application and for things."""
    if canceled and case["policy"] != "gnpec-current":
        return {}  # Standard Nine: a full refund, the application fee included
    paid = _paid(case)
    kept = {}
    agreement = case["agreement"]
    if agreement["application_fee_disclosed"]:
        most = min(agreement["application_fee_cents"], FEE_CAPS[case["policy"]])
        kept["application_fee"] = min(paid.get("application_fee", 0), most)
    for item in case["items"]:
        if item["disclosed"] and item["kept"] and not item["refundable"]:
            kept[f"item:{item['name']}"] = min(paid.get(f"item:{item['name']}", 0), item["amount_cents"])
    return kept


def _may_cancel(case: Case) -> bool:
    signed = datetime.fromisoformat(case["agreement"]["signed_at"])
    left = datetime.fromisoformat(case["withdrawn_at"])
    if case["policy"] == "gnpec-current":
        return left - signed <= timedelta(hours=72)
    return left.astimezone(ATLANTA).date() <= _business_days_after(signed.astimezone(ATLANTA).date(), 3)


def _business_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day
