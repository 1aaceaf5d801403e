"""The rules of agreements: names, fees, who signs, and until when a student can cancel."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.rules import agreements
from app.rules.agreements import Fee
from app.rules.refunds_policies import GNPEC_CURRENT, STANDARD_NINE

ATLANTA = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "signed",
    [
        datetime(2026, 3, 6, 12, tzinfo=ATLANTA),  # the clocks go forward within the 72 hours
        datetime(2026, 10, 30, 12, tzinfo=ATLANTA),  # and back
        datetime(2026, 5, 4, 12, tzinfo=ATLANTA),
    ],
)
def test_the_time_to_cancel_is_72_hours_whatever_the_clocks_do(signed: datetime) -> None:
    until = agreements.cancellation_until(signed, GNPEC_CURRENT, ATLANTA)
    assert until - signed.astimezone(UTC) == timedelta(hours=72)


def test_an_older_policy_counts_business_days_at_the_school() -> None:
    friday = datetime(2024, 5, 3, 12, tzinfo=ATLANTA)
    until = agreements.cancellation_until(friday, STANDARD_NINE, ATLANTA)
    assert until == datetime(2024, 5, 9, tzinfo=ATLANTA)


@pytest.mark.parametrize(
    ("typed", "name", "same"),
    [
        ("  maría   LÓPEZ ", "María López", True),
        ("Mari\u0301a López", "María López", True),
        ("Conor O'Brien", "Conor O’Brien", True),
        ("Maria Lopez", "María López", False),
        ("Mario López", "María López", False),
        ("María", "María López", False),
        ("", "María López", False),
    ],
)
def test_a_name_is_typed_as_it_stands_in_the_agreement(typed: str, name: str, same: bool) -> None:
    assert agreements.same_name(typed, name) is same


def test_fees_are_what_gnpec_allows() -> None:
    assert agreements.why_not_fee("fee", 1_000, refundable=True, disclosed=False) is None
    assert agreements.why_not_fee("kit", 90_000, refundable=False, disclosed=True) is None
    assert agreements.why_not_fee("application", 15_000, refundable=False, disclosed=True) is None
    undisclosed = agreements.why_not_fee("application", 100, refundable=False, disclosed=False)
    assert "catalog" in (undisclosed or "")
    assert "$150.00" in (
        agreements.why_not_fee("application", 15_001, refundable=False, disclosed=True) or ""
    )
    assert "Standard 12" in (agreements.why_not_fee("fee", 1, refundable=False, disclosed=True) or "")
    fees = [Fee("fee", "Lab", 30_000, True, False), Fee("kit", "Kit", 32_500, False, True)]
    assert agreements.total_cents(474_000, fees) == 536_500
    assert agreements.charge_cents(474_000, fees) == 504_000


def test_minors_do_not_sign_alone() -> None:
    today = date(2026, 5, 4)
    assert agreements.needs_parent(date(2008, 5, 5), today)
    assert not agreements.needs_parent(date(2008, 5, 4), today)
    assert not agreements.needs_parent(None, today)
    assert agreements.parties(cosigner=True) == ("student", "cosigner", "school")
