"""The versions of the refund policy, as data. A school's own filed policy, or another state's, is one more `Policy`.

Sources: GNPEC Minimum Standards, Standards 12 and 13 (criteria of 19 May 2025); "Standard Nine" of the older numbering;
the older tier schedule as a Georgia school published it; 38 CFR 21.4255 for VA funds. What was not seen in GNPEC's own
text, or without a date, says so in `evidence`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from app.rules.refunds_settings import Settings
from app.rules.withdrawals import REFUND_DAYS

Schedule = Literal["pro_rata", "tiers", "weekly"]


@dataclass(frozen=True, slots=True)
class Tier:
    """Through this many percent of the program (or this week of it), so many percent of the money come back."""

    through: int
    refund_percent: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of a refund policy."""

    name: str
    title: str
    clause: str
    """The rule in words, as a student and an inspector read it."""
    schedule: Schedule = "pro_rata"
    tiers: tuple[Tier, ...] = ()
    """For `tiers` and `weekly`: ascending; past the last one nothing comes back. Weekly without tiers is pro rata by
    the weeks begun."""
    nothing_from_percent: int | None = 50
    """From this part of the program on nothing comes back; None for no such threshold."""
    step_percent: int | None = None
    """Pro rata in steps: the part completed is rounded up to a multiple of this; None for the exact part."""
    window_hours: int | None = 72
    window_business_days: int | None = None
    window_returns: Literal["all_but_retained", "all_paid"] = "all_but_retained"
    """What a cancellation inside the window gives back: everything but what may be kept, or all money paid."""
    application_fee_cap_cents: int | None = 15_000
    """The most of a disclosed application fee that is kept; None for no cap."""
    due_days: int = REFUND_DAYS
    effective_from: date | None = None
    """For agreements signed from this day on; None where the day is not known."""
    effective_until: date | None = None
    evidence: str = ""


_OLD_WINDOW = (
    "Full refund including the application fee within 3 business days of signing (Standard Nine). The application fee "
    "is at most $100, charged once."
)
GNPEC_TIERS = (Tier(5, 95), Tier(10, 90), Tier(25, 75), Tier(50, 50))

GNPEC_CURRENT = Policy(
    name="gnpec-current",
    title="GNPEC Standards 12 and 13: pro rata, 72 hours to cancel",
    clause="Tuition and fees are prorated on the part of the paid segment completed; from half of the program on "
    "nothing is owed (Standard 12). Canceled within 72 hours of signing, everything but disclosed nonrefundable "
    "fees comes back (Standard 13). At most $150 of a disclosed application fee is kept. Paid within "
    "45 days of the withdrawal.",
    effective_from=date(2025, 1, 1),
    evidence="Criteria of 19 May 2025; in a school’s policy effective 1 January 2025. The day of adoption is "
    "unconfirmed.",
)
TIERS = Policy(
    name="gnpec-tiers",
    title="Older schedule of tiers",
    clause="Through 5% of the program 95% comes back, through 10% 90%, through 25% 75%, before 50% half, then nothing. "
    + _OLD_WINDOW,
    schedule="tiers",
    tiers=GNPEC_TIERS,
    window_hours=None,
    window_business_days=3,
    window_returns="all_paid",
    application_fee_cap_cents=10_000,
    effective_until=date(2024, 12, 31),
    evidence="As a Georgia school published it, undated; not seen in GNPEC’s own text: unconfirmed.",
)
STANDARD_NINE = Policy(
    name="standard-nine",
    title="Standard Nine: 3 business days to cancel",
    clause=_OLD_WINDOW
    + " Afterwards tuition and fees are prorated, and nothing is owed from half of the program on.",
    window_hours=None,
    window_business_days=3,
    window_returns="all_paid",
    application_fee_cap_cents=10_000,
    effective_until=date(2024, 12, 31),
    evidence="GNPEC’s page of the old numbering, undated; what it says after the 3 days was not seen: unconfirmed.",
)
POLICIES = {one.name: one for one in (GNPEC_CURRENT, TIERS, STANDARD_NINE)}


def filed(values: Mapping[str, Any]) -> Policy:
    """A school's own version, or another state's, from its values by name, as a case file has them.

    `tiers` are objects with `through` and `refund_percent`. Days may be written as text. Its name is its title.
    """
    tiers = tuple(Tier(one["through"], one["refund_percent"]) for one in values["tiers"])
    days = {
        name: date.fromisoformat(value) if isinstance(value, str) else value
        for name in ("effective_from", "effective_until")
        if (value := values.get(name))
    }
    known = {name: value for name, value in values.items() if name not in ("tiers", *days)}
    known |= {"effective_from": None, "effective_until": None} | days
    return Policy(title=values["name"], tiers=tiers, **known)


def fault(policy: Policy) -> tuple[str, str] | None:
    """What contradicts itself in a version: the value, and a sentence. None where nothing does."""
    through = [one.through for one in policy.tiers]
    if through != sorted(set(through)):
        return "tiers", "Give the tiers in ascending order, each step once."
    back = [one.refund_percent for one in policy.tiers]
    if back != sorted(back, reverse=True):
        return "tiers", "Give percentages that fall: a later step gives back no more than an earlier one."
    if policy.schedule == "tiers" and not through:
        return "tiers", "Give at least one tier: the schedule is one of tiers."
    if policy.schedule == "tiers" and through[-1] > 100:
        return "tiers", "A tier ends at 100 percent or before."
    if policy.schedule == "pro_rata" and through:
        return "tiers", "A pro rata schedule has no tiers."
    if policy.window_hours is not None and policy.window_business_days is not None:
        return "window_business_days", "Give the time to cancel in hours or in business days, not both."
    return None


VA_DUE_DAYS = 40
"""A refund of VA funds is paid within 40 calendar days (38 CFR 21.4255), or sooner where the policy says so."""
VA_FEE_CAP_CENTS = 1_000


@lru_cache(maxsize=1_024)
def applied(policy: Policy, settings: Settings) -> tuple[Policy, Settings]:
    """The policy as the settings leave it, and the settings with every value that the policy and the payer decide."""
    if policy.name == STANDARD_NINE.name and settings.after_window == "tiers":
        policy = replace(policy, schedule="tiers", tiers=GNPEC_TIERS)
    cap, due = settings.application_fee_cap_cents, settings.due_days
    changed: dict[str, Any] = {
        "application_fee_cap_cents": policy.application_fee_cap_cents if cap is None else cap,
        "due_days": policy.due_days if due is None else due,
    }
    if settings.payer == "va":
        changed["due_days"] = min(changed["due_days"], VA_DUE_DAYS)
        changed |= {"due_counts": "calendar_days", "due_on_weekend": "stays"}
    if settings.window_hours is None and settings.window_business_days is None:
        changed["window_hours"] = policy.window_hours
        changed["window_business_days"] = policy.window_business_days
    return policy, replace(settings, **changed)


@lru_cache(maxsize=1_024)
def of_va_funds(policy: Policy, settings: Settings) -> tuple[Policy, Settings]:
    """The least that comes back of VA funds (38 CFR 21.4255), from what `applied` gave: pro rata to the end of the
    program, at most $10 of a fee kept."""
    cap = settings.application_fee_cap_cents
    return (
        replace(policy, schedule="pro_rata", tiers=(), nothing_from_percent=None, step_percent=None),
        replace(
            settings,
            application_fee_cap_cents=VA_FEE_CAP_CENTS if cap is None else min(cap, VA_FEE_CAP_CENTS),
        ),
    )


Part = tuple[int, int]
"""A part in whole numbers, top and bottom, not reduced: as exact as a fraction, in less time."""


def past_threshold(policy: Policy, settings: Settings, done: int, total: int) -> bool:
    """Whether so much is completed that nothing comes back."""
    if policy.nothing_from_percent is None:
        return False
    side = 100 * done - policy.nothing_from_percent * total
    return side > 0 or (side == 0 and settings.threshold_edge == "nothing")


def share(policy: Policy, settings: Settings, done: int, total: int, *, threshold: bool = True) -> Part:
    """The part of the money that comes back after `done` of `total` minutes (or weeks, for a weekly schedule).

    `threshold=False` leaves out the part from which nothing comes back: it was asked of the whole program before.
    """
    done = min(done, total)
    if threshold and past_threshold(policy, settings, done, total):
        return 0, 1
    if policy.tiers:
        scale, measure = (1, done) if policy.schedule == "weekly" else (total, 100 * done)
        for tier in policy.tiers:
            if measure <= tier.through * scale:
                return tier.refund_percent, 100
        return 0, 1
    if policy.step_percent:
        steps = -(-100 * done // (policy.step_percent * total))
        return max(0, 100 - steps * policy.step_percent), 100
    return total - done, total
