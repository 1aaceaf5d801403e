"""Case files of refunds: the worked examples of the regulation, and a seeded generator of cases.

The dicts are the documented JSON of `aada refund preview` (docs/refund-case.md) and import nothing of the system, so
that any implementation can be compared on them.
"""

import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

Case = dict[str, Any]
SIGNED = "2026-01-05T09:00:00-05:00"
MODULES = ("Module 1", "Module 2", "Module 3")


def paid(amount_cents: int, purpose: str, paid_on: str = "2026-01-05") -> dict[str, Any]:
    """A payment."""
    return {"amount_cents": amount_cents, "paid_on": paid_on, "for": purpose}


def case(**changed: Any) -> Case:
    """The program of the worked examples, paid in full ($5,515.00), with the kit kept, withdrawn after 48 hours."""
    found: Case = {
        "policy": "gnpec-current",
        "program": {
            "total_minutes": 28_800,
            "segments": [{"name": name, "total_minutes": 9_600, "charge_cents": 168_000} for name in MODULES],
        },
        "agreement": {
            "signed_at": SIGNED,
            "application_fee_cents": 15_000,
            "application_fee_disclosed": True,
        },
        "items": [kit(kept=True)],
        "payments": [
            *(paid(168_000, f"segment:{name}") for name in MODULES),
            paid(15_000, "application_fee"),
            paid(32_500, "item:Kit"),
        ],
        "attended_minutes": 48 * 60,
        "withdrawn_at": "2026-02-16T12:00:00-05:00",
        "kind": "student",
        "settings": {},
    }
    return deepcopy(found | changed)


def kit(*, kept: bool) -> dict[str, Any]:
    """The kit of the worked examples."""
    return {"name": "Kit", "amount_cents": 32_500, "refundable": False, "disclosed": True, "kept": kept}


def attended(hours: int, **changed: Any) -> Case:
    """The worked example withdrawn after so many hours."""
    return case(attended_minutes=hours * 60, **changed)


def with_settings(given: Case, **chosen: Any) -> Case:
    """The case with open points settled."""
    return given | {"settings": given["settings"] | chosen}


WEEKLY = {
    "name": "Weekly",
    "schedule": "weekly",
    "tiers": [
        {"through": 0, "refund_percent": 100},
        {"through": 1, "refund_percent": 80},
        {"through": 3, "refund_percent": 50},
    ],
}
"""A schedule of weeks begun, as another state has it."""


def after_signing(**duration: int) -> str:
    """An instant so long after the signing."""
    return (datetime.fromisoformat(SIGNED) + timedelta(**duration)).isoformat()


def one_segment(charge_cents: int, attended_hours: int, **changed: Any) -> Case:
    """A program of 480 hours with one segment, paid in full and nothing else."""
    return case(
        program={
            "total_minutes": 28_800,
            "segments": [{"name": "Program", "total_minutes": 28_800, "charge_cents": charge_cents}],
        },
        items=[],
        payments=[paid(charge_cents, "segment:Program")],
        attended_minutes=attended_hours * 60,
        **changed,
    )


def generated(seed: int, count: int, *, settings: bool = False) -> list[Case]:
    """So many valid cases, the same for the same seed. With `settings`, the open points vary too.

    Payments are small and large, early and late, below and above the charges; hours lie on and beside the edges of
    half and of the tiers, instants on and beside the ends of the time to cancel.
    """
    chance = random.Random(seed)
    return [_one(chance, settings) for _ in range(count)]


def _one(chance: random.Random, settings: bool) -> Case:
    lengths = [
        chance.choice((60, 600, 2_400, 9_600, chance.randint(1, 20_000))) for _ in range(chance.randint(0, 5))
    ]
    beyond = chance.choice((0, 0, 0, chance.randint(1, 5_000)))
    total = max(1, sum(lengths) + beyond) if lengths else chance.choice((28_800, chance.randint(1, 60_000)))
    segments = [
        {"name": f"Part {number}", "total_minutes": length, "charge_cents": _cents(chance)}
        for number, length in enumerate(lengths, 1)
    ]
    items = [
        {
            "name": f"Item {number}",
            "amount_cents": _cents(chance, 60_000),
            "refundable": chance.random() < 0.4,
            "disclosed": chance.random() < 0.7,
            "kept": chance.random() < 0.5,
        }
        for number in range(1, chance.randint(1, 4))
    ]
    fee = chance.choice((0, 9_999, 10_000, 10_001, 15_000, 15_001, 20_000))
    signed = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randint(0, 365 * 86_400))
    withdrawn = signed + chance.choice(
        (
            timedelta(seconds=chance.randint(0, 100 * 86_400)),
            timedelta(hours=72, seconds=chance.choice((-1, 0, 1))),
            timedelta(hours=chance.randint(0, 144)),
        )
    )
    found: Case = {
        "policy": chance.choice(("gnpec-current", "gnpec-current", "gnpec-tiers", "standard-nine")),
        "program": {"total_minutes": total, "segments": segments},
        "agreement": {
            "signed_at": signed.isoformat(),
            "application_fee_cents": fee,
            "application_fee_disclosed": chance.random() < 0.8,
        },
        "items": items,
        "payments": _payments(chance, segments, items, fee, signed),
        "attended_minutes": _attended(chance, total),
        "withdrawn_at": withdrawn.isoformat(),
        "kind": chance.choice(("student",) * 5 + ("administrative", "cancellation", "school_cancelled")),
        "settings": _settings(chance) if settings else {},
    }
    return found


def _cents(chance: random.Random, most: int = 800_000) -> int:
    return chance.choice(
        (chance.randint(0, most), chance.randint(1, most // 100) * 100, chance.randint(0, 99))
    )


def _attended(chance: random.Random, total: int) -> int:
    edge = total * chance.choice((5, 10, 25, 50, 100)) // 100 + chance.choice((-1, 0, 1))
    return max(0, chance.choice((0, edge, edge, chance.randint(0, total), chance.randint(0, total // 2))))


def _payments(
    chance: random.Random, segments: list[Case], items: list[Case], fee: int, signed: datetime
) -> list[Case]:
    owed = [(f"item:{one['name']}", int(one["amount_cents"])) for one in items]
    owed.append(("application_fee", fee))
    by_segment = chance.random() < 0.6
    if by_segment:
        owed += [(f"segment:{one['name']}", int(one["charge_cents"])) for one in segments]
    if not by_segment or chance.random() < 0.2:
        charge = sum(int(one["charge_cents"]) for one in segments) or _cents(chance)
        owed += [("program", charge // chance.choice((1, 2, 5))) for _ in range(chance.randint(1, 3))]
    found = []
    for purpose, cents in owed:
        how = chance.random()
        if how < 0.15:
            continue
        amount = cents if how < 0.7 else chance.randint(0, cents * 6 // 5)
        first = chance.randint(0, amount) if chance.random() < 0.3 else amount
        for part in (first, amount - first) if first < amount else (amount,):
            day = (signed + timedelta(days=chance.randint(-5, 120))).date()
            found.append(paid(part, purpose, day.isoformat()))
    chance.shuffle(found)
    return found


CHOICES: dict[str, tuple[Any, ...]] = {
    "paid_segment": ("segment", "program"),
    "partial_segments": ("prorated", "first_hours"),
    "threshold_base": ("program", "segment"),
    "threshold_edge": ("nothing", "refund"),
    "tier_base": ("program", "segment"),
    "instalments": ("program_rate", "segment_rate"),
    "overpayment": ("as_paid", "returned"),
    "unpaid_charges": ("not_offset", "offset"),
    "payments_after_withdrawal": ("counted", "ignored"),
    "application_fee_cap_cents": (None, 0, 15_000),
    "over_cap_application_fee": ("prorated", "returned"),
    "undisclosed_application_fee": ("prorated", "returned"),
    "kept_items": ("retained", "not_retained"),
    "other_items": ("prorated", "unissued_returned", "returned"),
    "rounding": ("half_up", "down", "up"),
    "window_hours": (None, 72, 24),
    "window_edge": ("inclusive", "exclusive"),
    "window_kinds": ("any", "student"),
    "withdrawal_date": ("receipt_of_request", "last_attendance", "determination", "notice"),
    "cancelled_before_start": ("all_paid", "as_withdrawal"),
    "alternative": ("none", "accepted"),
    "after_window": ("pro_rata", "tiers"),
    "payer": ("student", "va"),
    "due_days": (None, 30),
    "due_counts": ("calendar_days", "business_days"),
    "due_on_weekend": ("stays", "next_business_day"),
}
"""The open points that change a figure, and their values."""


def _settings(chance: random.Random) -> dict[str, Any]:
    return {name: chance.choice(values) for name, values in CHOICES.items() if chance.random() < 0.3}
