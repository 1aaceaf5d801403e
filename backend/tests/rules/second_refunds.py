"""A second way to work out a refund, written from the regulation and the documented case file alone.

It is compared with `app.rules.refunds` on generated cases: with the default settings under the three versions, and
with policies that a school filed and the open points that it settles (`amount_as_settled`). A case is what `aada refund
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


def due_day(case: Case) -> date:
    """45 days of the withdrawal, counted at the school."""
    return datetime.fromisoformat(case["withdrawn_at"]).astimezone(ATLANTA).date() + timedelta(days=45)


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


# Policies of a school's own, and open points that it settles. Money is toward the program, as on real accounts.


def amount_as_settled(case: Case) -> int:
    """The refund in cents of a case whose money is toward the program, for the application and for items."""
    if case["settings"].get("payer") == "va":
        chosen = {name: value for name, value in case["settings"].items() if name != "payer"}
        case = case | {"settings": chosen}
        return max(_as_settled(case), _as_settled(case | {"policy": _least_of_va(_version(case))}))
    return _as_settled(case)


def _least_of_va(policy: dict[str, Any]) -> dict[str, Any]:
    """38 CFR 21.4255: charged is no more than pro rata, and of a fee $10; a school may charge less."""
    cap = policy.get("application_fee_cap_cents")
    return (
        policy
        | {
            "schedule": "pro_rata",  # what "the length of the completed portion" is to the whole, not the weeks begun
            "tiers": [],
            "step_percent": None,
            "nothing_from_percent": None,
            "application_fee_cap_cents": 10_00 if cap is None else min(cap, 10_00),
        }
    )


def _as_settled(case: Case) -> int:
    chosen, policy = case["settings"], _version(case)
    paid = _counted(case)
    if case["kind"] == "school_cancelled" and (
        case["attended_minutes"] or chosen.get("cancelled_before_start", "all_paid") == "all_paid"
    ):
        return sum(paid.values())
    if _is_in_time(case, policy):
        kept = {} if policy["window_returns"] == "all_paid" else _kept_of(case, policy, paid)
        back = sum(paid.values()) - sum(kept.values())
        if policy["window_returns"] == "all_paid":
            return back
        return back - min(back, _offset(case, policy, paid, back))
    total = case["program"]["total_minutes"]
    top, bottom = _lost(case, policy, min(case["attended_minutes"], total), total)
    charge = sum(one["charge_cents"] for one in case["program"]["segments"])
    returns = chosen.get("overpayment", "as_paid") == "returned"
    back = 0  # in parts of a cent, `bottom` of them
    toward = paid.pop("program", 0)
    if top == bottom:
        back += max(0, toward - charge) * bottom if returns else 0
    else:
        back += max(0, toward * bottom - charge * top)
    kept = _kept_of(case, policy, paid)
    for purpose, money in paid.items():
        open_money = money - kept.get(purpose, 0)
        beyond = max(0, money - _charged(case, purpose)) if returns else 0
        if _comes_back_whole(case, purpose):
            back += open_money * bottom
        else:
            back += beyond * bottom + (open_money - beyond) * (bottom - top)
    back -= min(back, _offset(case, policy, paid, back) * bottom)
    return _to_cents(back, bottom, chosen.get("rounding", "half_up"))


def _to_cents(parts: int, bottom: int, rounding: str) -> int:
    if rounding == "down":
        return parts // bottom
    if rounding == "up":
        return (parts + bottom - 1) // bottom
    return (2 * parts + bottom) // (2 * bottom)


def _version(case: Case) -> dict[str, Any]:
    if isinstance(case["policy"], dict):
        return {"nothing_from_percent": None, "step_percent": None, "tiers": []} | case["policy"]
    old = case["policy"] != "gnpec-current"
    steps = [{"through": upto, "refund_percent": back} for upto, back in (*TIERS, (50, 50))]
    tiers = case["policy"] == "gnpec-tiers" or (case["settings"].get("after_window") == "tiers" and old)
    return {
        "window_hours": None if old else 72,
        "window_business_days": 3 if old else None,
        "window_returns": "all_paid" if old else "all_but_retained",
        "nothing_from_percent": 50,
        "step_percent": None,
        "tiers": steps if tiers else [],
        "application_fee_cap_cents": FEE_CAPS[case["policy"]],
    }


def _counted(case: Case) -> dict[str, int]:
    day = datetime.fromisoformat(case["withdrawn_at"]).astimezone(ATLANTA).date()
    late = case["settings"].get("payments_after_withdrawal") == "ignored"
    counted = [one for one in case["payments"] if not (late and date.fromisoformat(one["paid_on"]) > day)]
    return _paid(case | {"payments": counted})


def _is_in_time(case: Case, policy: dict[str, Any]) -> bool:
    chosen = case["settings"]
    if case["kind"] == "administrative" and chosen.get("window_kinds") == "student":
        return False
    if case["kind"] != "cancellation" and chosen.get("withdrawal_date") == "last_attendance":
        return False
    signed = datetime.fromisoformat(case["agreement"]["signed_at"])
    left = datetime.fromisoformat(case["withdrawn_at"])
    if policy["window_hours"] is not None:
        over = (left - signed) - timedelta(hours=policy["window_hours"])
        return over < timedelta() or (not over and chosen.get("window_edge", "inclusive") == "inclusive")
    if policy["window_business_days"] is None:
        return False
    closed = {date.fromisoformat(one) for one in chosen.get("holidays", [])}
    day, count = signed.astimezone(ATLANTA).date(), policy["window_business_days"]
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in closed
    return left.astimezone(ATLANTA).date() <= day


def _lost(case: Case, policy: dict[str, Any], done: int, total: int) -> tuple[int, int]:
    """The part that does not come back, as a fraction."""
    weekly = policy.get("schedule") == "weekly"
    if weekly:
        done, total = _weeks_begun(case), case["program"]["weeks"]
    edge = policy["nothing_from_percent"]
    if edge is not None:
        beyond = 100 * done - edge * total
        if beyond > 0 or (beyond == 0 and case["settings"].get("threshold_edge", "nothing") == "nothing"):
            return 1, 1
    if policy["tiers"]:
        back = next(
            (
                one["refund_percent"]
                for one in policy["tiers"]
                if (done <= one["through"] if weekly else 100 * done <= one["through"] * total)
            ),
            0,
        )
        return 100 - back, 100
    step = policy["step_percent"]
    if step:
        steps = -(-done * 100 // (total * step))
        return min(100, steps * step), 100
    return done, total


def _weeks_begun(case: Case) -> int:
    """0 before the first day of the program; its first seven days are the first week, and none follows its last."""
    first = date.fromisoformat(case["program"]["starts_on"])
    day, weeks = datetime.fromisoformat(case["withdrawn_at"]).astimezone(ATLANTA).date(), 0
    while weeks < case["program"]["weeks"] and first + timedelta(weeks=weeks) <= day:
        weeks += 1
    return weeks


def _kept_of(case: Case, policy: dict[str, Any], paid: dict[str, int]) -> dict[str, int]:
    kept = {"application_fee": min(paid.get("application_fee", 0), _fee_that_is_kept(case, policy))}
    for item in _items_that_are_kept(case):
        kept[f"item:{item['name']}"] = min(paid.get(f"item:{item['name']}", 0), item["amount_cents"])
    return kept


def _fee_that_is_kept(case: Case, policy: dict[str, Any]) -> int:
    agreement = case["agreement"]
    if not agreement["application_fee_disclosed"]:
        return 0
    cap = policy.get("application_fee_cap_cents")
    fee: int = agreement["application_fee_cents"]
    return fee if cap is None else min(fee, cap)


def _items_that_are_kept(case: Case) -> list[dict[str, Any]]:
    if case["settings"].get("kept_items") == "not_retained":
        return []
    return [one for one in case["items"] if one["kept"] and one["disclosed"] and not one["refundable"]]


def _charged(case: Case, purpose: str) -> int:
    if purpose == "application_fee":
        fee: int = case["agreement"]["application_fee_cents"]
        return fee
    return next(int(one["amount_cents"]) for one in case["items"] if f"item:{one['name']}" == purpose)


def _comes_back_whole(case: Case, purpose: str) -> bool:
    chosen = case["settings"]
    if purpose == "application_fee":
        disclosed = case["agreement"]["application_fee_disclosed"]
        return bool(
            chosen.get("over_cap_application_fee" if disclosed else "undisclosed_application_fee")
            == "returned"
        )
    item = next(one for one in case["items"] if f"item:{one['name']}" == purpose)
    how = chosen.get("other_items")
    return how == "returned" or (how == "unissued_returned" and not item["kept"] and not item["refundable"])


def _offset(case: Case, policy: dict[str, Any], paid: dict[str, int], back: int) -> int:
    """What may be kept and was not paid, in cents, where it is taken from the refund."""
    if case["settings"].get("unpaid_charges") != "offset" or not back:
        return 0
    unpaid = max(0, _fee_that_is_kept(case, policy) - paid.get("application_fee", 0))
    for item in _items_that_are_kept(case):
        unpaid += max(0, item["amount_cents"] - paid.get(f"item:{item['name']}", 0))
    return unpaid
