"""The refund policy of an agreement: the version of the day it is signed, whatever the school files later."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.core.errors import Conflict
from app.core.permissions import SYSTEM
from app.db.models import SchoolHoliday
from app.finance.agreements import queries
from app.finance.agreements.schemas import WordingForm
from app.finance.agreements.wording import service as wording
from app.finance.refunds import time_to_cancel
from app.school import service as schools
from app.school.service import PolicyKind
from tests.documents.poppler import text_of
from tests.finance.agreements.conftest import NOW, World

TODAY = NOW.date()
OWN = {
    "rule": "filed",
    "policy_name": "Refund policy 2026",
    "clause": "Through a quarter of the program 60% comes back, then nothing. Cancel within 96 hours.",
    "schedule": "tiers",
    "tiers": "25 60",
    "window_hours": 96,
}


def add(world: World, kind: PolicyKind, day: date, **values: Any) -> None:
    with world.database.begin() as session:
        schools.policies.add(
            session, SYSTEM, kind, effective_from=day, values=values, approved_by="Board", today=TODAY
        )


def test_an_agreement_has_the_words_of_the_filed_policy_and_keeps_its_version(
    world: World, traveling: time_machine.Traveller, tmp_path: Path
) -> None:
    add(world, PolicyKind.REFUND, TODAY, **OWN)
    add(world, PolicyKind.REFUND_SETTINGS, TODAY, threshold_edge="refund")
    number = world.whole()
    found = world.agreement(number).row
    kept = found.terms["refund_policy"]
    assert (found.refund_policy, kept["version"], kept["settings_version"]) == ("Refund policy 2026", 3, 2)
    assert found.cancellation_until == NOW + timedelta(hours=96)
    path = tmp_path / "agreement.pdf"
    path.write_bytes(world.files.read_bytes(found.file_sha256))
    printed = " ".join(text_of(path).split())
    assert "Through a quarter of the program 60% comes back" in printed
    assert "Exactly half of the program: a refund is owed." in printed
    # Both versions are in use: the next ones begin tomorrow, and this agreement keeps its own.
    with pytest.raises(Conflict, match="later day"):
        add(world, PolicyKind.REFUND, TODAY, tiers="25 70")
    add(world, PolicyKind.REFUND, TODAY + timedelta(days=1), tiers="25 70")
    traveling.shift(timedelta(days=2))
    with world.database.begin() as session:
        binding = queries.in_force(session, world.enrollments["maria"])
        assert queries.signed_under(session, "version") == {3: 1}
    assert binding is not None
    assert binding.refund.rule.tiers[0].refund_percent == 60
    assert binding.refund.settings["threshold_edge"] == "refund"


def test_what_was_prepared_under_another_policy_is_not_signed_any_more(
    world: World, traveling: time_machine.Traveller
) -> None:
    number = world.prepare()
    world.consent(number)
    add(world, PolicyKind.REFUND_SETTINGS, TODAY + timedelta(days=1), threshold_edge="refund")
    traveling.shift(timedelta(days=1))
    with pytest.raises(Conflict, match="The refund policy has changed"):
        world.sign(number)
    assert world.row(number).status == "awaiting_student"


def test_without_a_policy_for_today_nothing_is_prepared(world: World) -> None:
    add(world, PolicyKind.REFUND, date(2026, 1, 1), **OWN, last_day="2026-04-30")
    with pytest.raises(Conflict, match="No refund policy is in force on May 4, 2026"):
        world.prepare()
    words = WordingForm(
        disclosures="Heading: text", sign_within_days=14, effective_from=TODAY, approved_by="Board"
    )
    with world.database.begin() as session, pytest.raises(Conflict, match="No refund policy is in force"):
        wording.preview(session, world.rita, world.files, words)


def test_a_policy_that_counts_weeks_needs_the_weeks_of_the_program(world: World) -> None:
    add(world, PolicyKind.REFUND, TODAY, **OWN | {"schedule": "weekly", "tiers": "2 80"})
    assert world.row(world.prepare()).terms["weeks"] == 28


def test_a_holiday_entered_later_moves_no_time_to_cancel(
    world: World, traveling: time_machine.Traveller
) -> None:
    """Prepared and signed on Monday, May 4; three business days end with Thursday."""

    def close(day: date) -> None:
        with world.database.begin() as session:
            session.add(SchoolHoliday(name=f"Closed on {day}", first_day=day, last_day=day))

    add(world, PolicyKind.REFUND, TODAY, **OWN | {"window_hours": None, "window_business_days": 3})
    add(world, PolicyKind.REFUND_SETTINGS, TODAY, holidays="school_calendar")
    close(date(2031, 7, 4))  # a Friday, years after: the student may leave then
    close(date(2031, 7, 5))
    number = world.prepare()
    close(date(2026, 5, 6))
    kept = world.row(number).terms["refund_policy"]
    assert (kept["settings"]["holidays"], kept["holidays_as_of"]) == (["2031-07-04"], "2026-05-04")
    assert kept["readings"] == ["Holidays where business days are counted: the school’s holidays are not."]
    world.consent(number)
    world.sign(number)
    until = world.row(number).cancellation_until
    assert until == datetime(2026, 5, 8, 4, tzinfo=UTC), "midnight after Thursday, May 7, in Georgia"
    traveling.shift(timedelta(days=4))
    with world.database.begin() as session:
        bound = queries.in_force(session, world.enrollments["maria"])
        assert bound is not None
        assert bound.cancellation_until == until
        zone = schools.facts(session).zone
        assert not time_to_cancel.within(session, world.enrollments["maria"], until, zone, "student")
        assert time_to_cancel.within(
            session, world.enrollments["maria"], until - timedelta(microseconds=1), zone, "student"
        )
