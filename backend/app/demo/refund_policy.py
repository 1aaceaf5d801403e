"""The refund policy that the demo school has filed, kinder than GNPEC's, and the open point that it has settled."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.demo.desk import Desk
from app.school.service import PolicyKind, policies

WEEKS_AGO = 8
"""Recent enough that nobody who signed under it has come to half of a program."""

FILED = {
    "rule": "filed",
    "policy_name": "School refund policy 2026",
    "clause": (
        "Tuition and fees are prorated on the part of the program completed; from 60% of the program on nothing is "
        "owed. Canceled within 72 hours of signing, everything but disclosed nonrefundable fees comes back. At most "
        "$100 of a disclosed application fee is kept. Paid within 45 days of the withdrawal."
    ),
    "nothing_from_percent": 60,
    "window_hours": 72,
    "application_fee_cap_dollars": 100,
    "due_days": 45,
}


def write_refund_policy(session: Session, desk: Desk) -> None:
    """File it for agreements signed from some weeks ago on; earlier ones keep the rule they were signed under."""
    begins = desk.today - timedelta(weeks=WEEKS_AGO)
    for kind, values, note in (
        (
            PolicyKind.REFUND,
            FILED,
            "Filed with GNPEC: ten percent more of the program, and $50 less of the fee.",
        ),
        (
            PolicyKind.REFUND_SETTINGS,
            {"threshold_edge": "refund"},
            "At exactly the threshold the doubt is the student’s.",
        ),
    ):
        policies.add(
            session, SYSTEM, kind, effective_from=begins, values=values, approved_by="Board of directors",
            note=note, today=begins,
        )  # fmt: skip
