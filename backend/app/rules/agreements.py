"""Enrollment agreements: what they itemize, who may sign by which name, and until when a student can cancel.

Sources: GNPEC Minimum Standards 12 and 13, and GNPEC's guidelines for enrollment agreements (itemized costs, each
nonrefundable item marked, an application fee of at most $150).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.rules.birth_dates import full_years
from app.rules.refunds_days import window
from app.rules.refunds_policies import Policy, applied
from app.rules.refunds_settings import Settings

APPLICATION: Final = "application"
FEE: Final = "fee"
KINDS: Final = {
    APPLICATION: "Application fee",
    FEE: "Fee",
    "books": "Books",
    "kit": "Kit or supplies",
    "third_party": "Third-party cost",
}
"""Types of charge beside tuition. Fees are prorated with tuition; books, kits and third parties' costs are items."""
ADULT: Final = 18
"""Full years from which a person signs alone (O.C.G.A. § 39-1-1)."""
MOST_NONREFUNDABLE_APPLICATION_FEE: Final = 15_000
"""Cents (GNPEC Standard 12)."""

WAITING: Final = ("awaiting_student", "awaiting_cosigner", "awaiting_school")
STATES: Final = {
    "awaiting_student": "Waiting for the student",
    "awaiting_cosigner": "Waiting for the cosigner",
    "awaiting_school": "Waiting for the school",
    "in_force": "In force",
    "superseded": "Superseded",
    "void": "Void",
    "expired": "Expired",
}
FIELDS: Final = {"student": "Student", "cosigner": "Cosigner", "school": "School"}
"""The signature fields in the PDF, in the order in which they are signed."""


@dataclass(frozen=True, slots=True)
class Fee:
    """One charge beside tuition, as an agreement has it. `disclosed`: the catalog names it nonrefundable, too."""

    kind: str
    name: str
    amount_cents: int
    refundable: bool
    disclosed: bool


def why_not_fee(kind: str, amount_cents: int, *, refundable: bool, disclosed: bool) -> str | None:
    """The sentence for a fee that the rules of GNPEC do not allow; None for one they do."""
    if kind == FEE and not refundable:
        return "No fee but the application fee may be nonrefundable (GNPEC Standard 12)."
    if kind == APPLICATION and not refundable and amount_cents > MOST_NONREFUNDABLE_APPLICATION_FEE:
        return "A nonrefundable application fee is $150.00 at most (GNPEC Standard 12)."
    if kind == APPLICATION and not refundable and not disclosed:
        return (
            "An application fee is kept only if the catalog names it nonrefundable, too (GNPEC Standard 13)."
        )
    return None


def parties(*, cosigner: bool) -> tuple[str, ...]:
    """Who signs, in order: the student first, the school last."""
    return ("student", "cosigner", "school") if cosigner else ("student", "school")


def needs_parent(born: date | None, today: date) -> bool:
    """Whether a parent must sign, too: the student is not of age on the day. An unknown birth date does not ask."""
    return born is not None and full_years(born, today) < ADULT


def same_name(typed: str, name: str) -> bool:
    """Whether somebody typed their name: case, accents written in another way, and spaces do not matter."""
    return _plain(typed) == _plain(name)


def _plain(name: str) -> str:
    composed = unicodedata.normalize("NFKC", name).replace("’", "'")
    return " ".join(composed.casefold().split())


def cancellation_until(
    signed_at: datetime, policy: Policy, zone: ZoneInfo, settings: Settings | None = None
) -> datetime:
    """The last instant (UTC) at which an agreement that was signed then can be canceled under its policy, as its open
    points are read."""
    _, settings = applied(policy, settings or Settings(time_zone=zone.key))
    found = window(signed_at, signed_at, settings, zone)
    return signed_at if found is None else found.ends_at


def refunded_on_cancellation(policy: Policy) -> str:
    """What a cancellation within its time gives back under a policy, as a page says it."""
    if policy.window_returns == "all_paid":
        return "All money paid is then refunded."
    return "All tuition and fees are then refunded except those marked as nonrefundable."


def total_cents(tuition_cents: int, fees: Sequence[Fee]) -> int:
    """The whole cost."""
    return tuition_cents + sum(fee.amount_cents for fee in fees)


def charge_cents(tuition_cents: int, fees: Sequence[Fee]) -> int:
    """What is prorated: tuition and the fees of the school."""
    return tuition_cents + sum(fee.amount_cents for fee in fees if fee.kind == FEE)
