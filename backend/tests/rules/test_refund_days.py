"""The days of a refund: when it is due, and whether a request came in time to cancel."""

import pytest

from app.finance.refunds import door
from tests.rules.refund_cases import Case, after_signing, attended, case, with_settings


def amount(given: Case) -> int:
    return door.preview(given).amount_cents


def test_due_dates() -> None:
    found = case(withdrawn_at="2026-01-15T12:00:00-05:00")
    due = lambda **chosen: str(door.preview(with_settings(found, **chosen)).due_on)  # noqa: E731
    assert due() == "2026-03-01"  # a Sunday; the rule knows no roll-forward
    assert due(due_on_weekend="next_business_day") == "2026-03-02"
    assert due(due_on_weekend="next_business_day", holidays=["2026-03-02"]) == "2026-03-03"
    assert due(payer="va") == "2026-02-24"
    # Never later than 40 calendar days, nor later than the policy's own.
    assert due(payer="va", due_counts="business_days", due_on_weekend="next_business_day") == "2026-02-24"
    assert due(payer="va", due_days=45) == "2026-02-24"
    assert due(payer="va", due_days=30) == "2026-02-14"  # a Saturday
    soon = with_settings(found | {"policy": {"name": "Soon", "due_days": 30}}, payer="va")
    assert str(door.preview(soon).due_on) == "2026-02-14"
    assert any("due within 30 days" in line.text for line in door.preview(soon).lines)
    assert due(due_days=10, due_counts="business_days") == "2026-01-29"
    late = case(withdrawn_at="2026-01-16T04:30:00Z")  # still the 15th at the school
    assert str(door.preview(late).due_on) == "2026-03-01"


@pytest.mark.parametrize(
    ("signed", "withdrawn", "inside"),
    [
        # Forward on 8 March 2026 at 2:00: 72 hours end an hour later on the wall.
        ("2026-03-06T12:00:00", "2026-03-09T12:00:00", True),
        ("2026-03-06T12:00:00", "2026-03-09T13:00:00", True),
        ("2026-03-06T12:00:00", "2026-03-09T13:00:01", False),
        # Back on 1 November 2026 at 2:00: an hour earlier.
        ("2026-10-30T12:00:00", "2026-11-02T10:59:59", True),
        ("2026-10-30T12:00:00", "2026-11-02T11:00:00", True),
        ("2026-10-30T12:00:00", "2026-11-02T11:00:01", False),
        ("2026-10-30T12:00:00-04:00", "2026-11-02T16:00:00Z", True),
        ("2026-10-30T12:00:00-04:00", "2026-11-02T16:00:00.000001Z", False),
        ("2026-06-01T09:00:00.5", "2026-06-04T09:00:00.5", True),
        ("2026-06-01", "2026-06-04", True),
    ],
)
def test_72_hours_are_exact_across_a_change_of_the_clocks(signed: str, withdrawn: str, inside: bool) -> None:
    agreement = case()["agreement"] | {"signed_at": signed}
    found = case(agreement=agreement, withdrawn_at=withdrawn, attended_minutes=300 * 60)
    assert amount(found) == (504_000 if inside else 0)


def test_the_edge_of_72_hours_is_a_setting() -> None:
    edge = attended(300, withdrawn_at=after_signing(hours=72))
    assert amount(edge) == 504_000
    assert amount(with_settings(edge, window_edge="exclusive")) == 0


@pytest.mark.parametrize(
    ("withdrawn", "inside"),
    [("2026-01-14T23:59:59", True), ("2026-01-15T00:00:00", False), ("2026-01-10T12:00:00", True)],
)
def test_three_business_days_end_at_midnight_of_the_third(withdrawn: str, inside: bool) -> None:
    """Signed on a Friday evening: Monday, Tuesday and Wednesday are the three days."""
    agreement = case()["agreement"] | {"signed_at": "2026-01-09T21:00:00"}
    found = case(
        policy="standard-nine", agreement=agreement, withdrawn_at=withdrawn, attended_minutes=300 * 60
    )
    assert amount(found) == (551_500 if inside else 0)
    holiday = with_settings(found | {"withdrawn_at": "2026-01-15T12:00:00"}, holidays=["2026-01-12"])
    assert amount(holiday) == 551_500
