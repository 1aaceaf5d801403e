"""Two implementations of the refund that know nothing of one another agree."""

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.finance.refunds import door
from tests.rules.refund_cases import case as example
from tests.rules.refund_cases import generated, paid
from tests.rules.second_refunds import ATLANTA, amount_as_settled, amount_of, due_day, is_mixed

CASES = 12_000


def test_two_ways_to_a_refund_agree_to_the_cent() -> None:
    cases = [case for case in generated(20_260_105, CASES) if not is_mixed(case)]
    assert len(cases) > 10_000
    differ, owed = [], Counter[str]()
    for case in cases:
        result = door.compute(door.case_of(case))
        found, other = (result.amount_cents, result.due_on), (amount_of(case), due_day(case))
        if found != other:
            differ.append((found, other, case))
        owed[case["policy"]] += bool(found[0])
    assert not differ, f"{len(differ)} of {len(cases)}, first: {differ[0]}"
    # Of each version enough, and not only cases in which nothing comes back.
    assert set(owed) == {"gnpec-current", "gnpec-tiers", "standard-nine"}
    assert min(owed.values()) > 1_000, owed


SETTLED: dict[str, tuple[object, ...]] = {
    "threshold_edge": ("nothing", "refund"),
    "overpayment": ("as_paid", "returned"),
    "unpaid_charges": ("not_offset", "offset"),
    "payments_after_withdrawal": ("counted", "ignored"),
    "over_cap_application_fee": ("prorated", "returned"),
    "undisclosed_application_fee": ("prorated", "returned"),
    "kept_items": ("retained", "not_retained"),
    "other_items": ("prorated", "unissued_returned", "returned"),
    "rounding": ("half_up", "down", "up"),
    "window_edge": ("inclusive", "exclusive"),
    "window_kinds": ("any", "student"),
    "withdrawal_date": ("receipt_of_request", "last_attendance", "determination"),
    "cancelled_before_start": ("all_paid", "as_withdrawal"),
    "after_window": ("pro_rata", "tiers"),
    "payer": ("student", "va"),
    "holidays": ([], ["2026-07-03", "2026-09-07", "2026-11-26"]),
}
"""The open points that a school settles and that change an amount, and who paid."""


def _filed(chance: random.Random) -> dict[str, Any]:
    tiers = chance.random() < 0.5
    through = sorted(chance.sample(range(101), chance.randint(1, 5))) if tiers else []
    back = sorted((chance.randint(0, 100) for _ in through), reverse=True)
    in_hours = chance.random() < 0.6
    return {
        "name": "Refund policy",
        "schedule": "tiers" if tiers else "pro_rata",
        "tiers": [
            {"through": one, "refund_percent": percent} for one, percent in zip(through, back, strict=True)
        ],
        "nothing_from_percent": chance.choice((None, 25, 50, 60, 100)),
        "step_percent": None if tiers else chance.choice((None, None, 5, 10, 30)),
        "window_hours": chance.choice((0, 24, 72, 120)) if in_hours else None,
        "window_business_days": None if in_hours else chance.choice((None, 1, 3, 5)),
        "window_returns": chance.choice(("all_paid", "all_but_retained")),
        "application_fee_cap_cents": chance.choice((None, 0, 10_000, 15_000)),
        "due_days": 45,
    }


def on_accounts(case: dict[str, Any]) -> None:
    """As on real accounts: one segment, the program, and money toward it, for the application and for items."""
    total = case["program"]["total_minutes"]
    charge = sum(one["charge_cents"] for one in case["program"]["segments"])
    case["program"] = {
        "total_minutes": total,
        "segments": [{"name": "Program", "total_minutes": total, "charge_cents": charge}],
    }
    for one in case["payments"]:
        if one["for"].startswith("segment:"):
            one["for"] = "program"


def test_two_ways_agree_under_filed_policies_and_settled_open_points() -> None:
    chance = random.Random(62)
    differ = []
    for case in generated(20_260_620, CASES):
        on_accounts(case)
        if chance.random() < 0.7:
            case["policy"] = _filed(chance)
        case["settings"] = {
            name: chance.choice(values) for name, values in SETTLED.items() if chance.random() < 0.4
        }
        found, other = door.compute(door.case_of(case)).amount_cents, amount_as_settled(case)
        if found != other:
            differ.append((found, other, case))
    assert not differ, f"{len(differ)} of {CASES}, first: {differ[0]}"


def _weekly(chance: random.Random) -> dict[str, Any]:
    """By the weeks begun, with steps or pro rata."""
    through = sorted(chance.sample(range(18), chance.randint(0, 5)))
    back = sorted((chance.randint(0, 100) for _ in through), reverse=True)
    return _filed(chance) | {
        "schedule": "weekly",
        "tiers": [
            {"through": one, "refund_percent": percent} for one, percent in zip(through, back, strict=True)
        ],
        "step_percent": None if through else chance.choice((None, None, 5, 10, 30)),
    }


def test_two_ways_agree_by_the_weeks_begun() -> None:
    """Programs that begin before, with and after the signing; withdrawals on the first and the last days of weeks."""
    chance = random.Random(7)
    differ, owed, weeks = [], 0, Counter[bool]()
    for case in generated(20_260_907, CASES):
        on_accounts(case)
        signed = datetime.fromisoformat(case["agreement"]["signed_at"])
        first = signed.date() + timedelta(days=chance.randint(-21, 40))
        case["program"] |= {"starts_on": first.isoformat(), "weeks": chance.choice((1, 4, 12, 16, 30, 60))}
        edge = datetime.combine(first + timedelta(weeks=chance.randint(0, 18)), time(5), UTC)
        on_edge = edge + timedelta(hours=chance.choice((-6, -2, -1, 0, 1)))
        if chance.random() < 0.5 and on_edge >= signed:
            case["withdrawn_at"] = on_edge.isoformat()
        case["policy"] = _weekly(chance)
        case["settings"] = {
            name: chance.choice(values) for name, values in SETTLED.items() if chance.random() < 0.4
        }
        found, other = door.compute(door.case_of(case)).amount_cents, amount_as_settled(case)
        if found != other:
            differ.append((found, other, case))
        owed += bool(found)
        left = datetime.fromisoformat(case["withdrawn_at"]).astimezone(ATLANTA).date()
        weeks[left < first] += 1
    assert not differ, f"{len(differ)} of {CASES}, first: {differ[0]}"
    assert owed > 1_000
    assert min(weeks.values()) > 1_000, "before the program began, and after"


def test_an_hour_is_charged_once_however_the_money_was_named() -> None:
    """Tuition paid in full, partly by segment and partly toward the program: what is kept is what the hours cost."""
    chance = random.Random(12)
    for _ in range(300):
        lengths = [chance.choice((600, 2_400, 9_600)) for _ in range(chance.randint(1, 4))]
        segments = [
            {"name": f"Part {number}", "total_minutes": length, "charge_cents": 20 * length}
            for number, length in enumerate(lengths)
        ]
        by_name = [chance.choice((0, 1, 10 * length, 20 * length - 1, 20 * length)) for length in lengths]
        payments = [
            paid(cents, f"segment:{one['name']}")
            for one, cents in zip(segments, by_name, strict=True)
            if cents
        ]
        total = sum(lengths)
        payments.append(paid(20 * total - sum(by_name), "program"))
        done = chance.randint(0, (total - 1) // 2)
        for partial in ("prorated", "first_hours"):
            for instalments in ("program_rate", "segment_rate"):
                given = door.case_of(
                    example(
                        program={"total_minutes": total, "segments": segments},
                        items=[],
                        payments=payments,
                        attended_minutes=done,
                        settings={"partial_segments": partial, "instalments": instalments},
                    )
                )
                found = door.compute(given)
                assert found.amount_cents == 20 * (total - done), (segments, payments, done, found.lines)
