"""Versions of the refund policy and its settings, filed without a form."""

from datetime import date
from typing import Any

from app.core.permissions import SYSTEM
from app.school import service as schools
from app.school.service import PolicyKind
from tests.finance.conftest import NOW
from tests.finance.refunds.cases import Office

TODAY = NOW.date()
OWN = {
    "rule": "filed",
    "policy_name": "Refund policy 2026",
    "clause": "Through a tenth of the program 80% comes back, through a quarter 60%, then nothing.",
    "schedule": "tiers",
    "tiers": "10 80\n25 60",
    "window_hours": "72",
    "application_fee_cap_dollars": "150",
    "due_days": "30",
}


def filed(
    office: Office, day: date = date(2025, 6, 1), kind: PolicyKind = PolicyKind.REFUND, **values: Any
) -> int:
    given = {**OWN, **values} if kind is PolicyKind.REFUND else values
    return schools.policies.add(
        office.session, SYSTEM, kind, effective_from=day, values=given, approved_by="Board", today=TODAY
    ).version


def settled(office: Office, **values: str) -> int:
    return filed(office, kind=PolicyKind.REFUND_SETTINGS, **values)
