"""What a refund says of itself beside its figures: the day it counts from, and the open points that decide in it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.finance.refunds import door
from app.rules.legal_holidays import legal_holidays
from app.rules.refunds import CaseError, refund
from app.rules.refunds_open_points import POINTS
from app.rules.refunds_readings import open_points, who_is_first
from tests.rules.refund_cases import Case, after_signing, case, generated, kit, one_segment, paid

OPEN = "The rule leaves this point open: "
AS, OR = ". The school reads it as: ", ". Another reading: "


def said(given: Case) -> list[str]:
    return [line.text for line in door.preview(given).lines if line.text.startswith(OPEN)]


def counts_from(given: Case) -> str:
    return next(
        line.text for line in door.preview(given).lines if line.text.startswith("The withdrawal counts")
    )


WITHOUT_KIT = {"items": [], "payments": [paid(504_000, "program"), paid(15_000, "application_fee")]}
HALF = WITHOUT_KIT | {"attended_minutes": 240 * 60}
UNISSUED = (
    f"books and kits that the school may not keep the price of{AS}prorated like tuition{OR}what was not "
    "issued comes back whole, $4,861.00; all come back whole, $4,861.00."
)
WEEKEND = f"a deadline on a weekend{AS}it stays{OR}it moves to the next business day, due March 2, 2026."
KIT = (
    f"books and kits that were issued{AS}the school keeps it. "
    "Another reading: it is refunded like the rest, $4,828.50."
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (WITHOUT_KIT, []),
        ({}, [KIT]),
        ({"items": [kit(kept=False)]}, [UNISSUED]),
        (
            HALF,
            [f"exactly half of the program{AS}nothing is owed{OR}a refund is owed, $2,520.00."],
        ),
        (
            WITHOUT_KIT | {"withdrawn_at": after_signing(hours=72)},
            [
                f"the last instant to cancel{AS}in time{OR}too late, $4,536.00.",
                WEEKEND.replace("March 2", "February 23"),
            ],
        ),
        (WITHOUT_KIT | {"withdrawn_at": "2026-01-15T12:00:00-05:00"}, [WEEKEND]),
        # That no alternative was accepted is a fact of the case, and no reading.
        (WITHOUT_KIT | {"kind": "school_cancelled"}, []),
    ],
)
def test_only_the_open_points_that_decide_in_a_case_are_named(
    changed: dict[str, Any], expected: list[str]
) -> None:
    assert said(case(**changed)) == [f"{OPEN}{one}" for one in expected]


def test_a_settled_point_is_named_with_the_literal_reading_beside_it() -> None:
    settled = case(**HALF, settings={"threshold_edge": "refund", "due_counts": "business_days"})
    assert said(settled) == [
        f"{OPEN}exactly half of the program{AS}a refund is owed{OR}nothing is owed, $0.00.",
        f"{OPEN}which days the deadline counts{AS}business days{OR}calendar days, due April 2, 2026.",
    ]
    closed = case(
        policy="standard-nine", withdrawn_at=after_signing(days=4), settings={"holidays": ["2026-01-07"]}
    )
    words = f"{OPEN}holidays where business days are counted{AS}the school’s holidays are not"
    assert any(one.startswith(words) for one in said(closed))
    assert who_is_first("payer") == (
        f"{OPEN}who is paid first{AS}payers, then the student{OR}the student, then the payers."
    )


def test_titles_fit_the_policy_and_keep_names_as_they_are() -> None:
    sixty = {"name": "60%", "nothing_from_percent": 60}
    at = case(**WITHOUT_KIT | {"attended_minutes": 288 * 60}, policy=sixty)
    assert [one for one in said(at) if one.startswith(f"{OPEN}exactly at the threshold{AS}nothing")]
    old = case(**WITHOUT_KIT, attended_minutes=40 * 60, policy="standard-nine")
    assert [one for one in said(old) if one.startswith(f"{OPEN}Standard Nine after its time to cancel.")]


CASES = st.integers(0, 1_000_000).map(lambda seed: generated(seed, 1, settings=seed % 2 == 1)[0])


@given(CASES)
@settings(max_examples=60, deadline=None)
def test_a_point_is_named_where_another_reading_gives_another_amount_and_nowhere_else(given: Case) -> None:
    found = door.case_of(given)
    result = refund(found)
    titles = [one.partition(". The school reads")[0] for one in open_points(found, result)]
    for name, point in POINTS.items():
        if name in ("payee", "holidays", "due_counts", "due_on_weekend"):
            continue
        others = []
        for choice in point.choices:
            changed: dict[str, Any] = {name: choice}
            try:
                others.append(
                    refund(replace(found, settings=replace(found.settings, **changed))).amount_cents
                )
            except CaseError:
                continue
        decides = set(others) != {result.amount_cents}
        title = (
            point.title if name == "after_window" else f"{point.title[0].lower()}{point.title[1:]}"
        )  # "Standard Nine" is a name.
        assert (f"{OPEN}{title}" in titles) == decides, name
    explained = door.explain(found)
    assert (explained.amount_cents, explained.due_on) == (result.amount_cents, result.due_on)
    assert explained.lines[: len(result.lines)] == result.lines
    assert all(line.amount_cents == 0 for line in explained.lines[len(result.lines) :])


@pytest.mark.parametrize(
    ("kind", "basis", "words"),
    [
        ("student", "receipt_of_request", "the school received the request"),
        ("student", "last_attendance", "the student last attended"),
        ("student", "determination", "the school determined the withdrawal"),
        ("administrative", "notice", "the school notified the student"),
        ("administrative", "receipt_of_request", "the school decided to withdraw the student"),
        ("school_cancelled", "determination", "the school canceled the enrollment"),
        ("cancellation", "receipt_of_request", "the school received the cancellation"),
    ],
)
def test_the_day_of_the_withdrawal_is_said_with_what_gave_it(kind: str, basis: str, words: str) -> None:
    given = one_segment(504_000, 48, kind=kind, settings={"withdrawal_date": basis})
    # The first minute of February 17 in Europe is still the 16th at the school.
    given["withdrawn_at"] = "2026-02-17T00:00:00+01:00"
    assert counts_from(given) == (
        f"The withdrawal counts from February 16, 2026, when {words}. The refund is due 45 calendar days later: "
        "April 2, 2026."
    )
    assert door.preview(given).as_record()["settings"]["withdrawal_date"] == basis


def test_a_day_that_moves_says_so_and_nothing_owed_has_no_day() -> None:
    weekend = one_segment(504_000, 48, withdrawn_at="2026-01-15T12:00:00-05:00")
    moved = weekend | {"settings": {"due_on_weekend": "next_business_day", "due_days": 45}}
    assert counts_from(moved).endswith(
        "The refund is due 45 calendar days later, on the next business day: March 2, 2026."
    )
    assert door.preview(moved).due_on == date(2026, 3, 2)
    business = weekend | {"settings": {"due_counts": "business_days", "due_days": 1}}
    assert counts_from(business).endswith("The refund is due 1 business day later: January 16, 2026.")
    nothing = one_segment(504_000, 300)
    assert counts_from(nothing) == "The withdrawal counts from February 16, 2026."


IT_COUNTS = "It is counted as a business day; if the school is closed that day:"
THEY_COUNT = "They are counted as business days; if the school is closed on them:"
NOT_KNOWN = "Not among the holidays of this case: "
LABOR_DAY = {
    "policy": "standard-nine",
    "agreement": {
        "signed_at": "2026-09-04T12:00:00-04:00",
        "application_fee_cents": 15_000,
        "application_fee_disclosed": True,
    },
    "withdrawn_at": "2026-09-10T12:00:00-04:00",
}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (
            LABOR_DAY,
            f"Labor Day, September 7, 2026. {IT_COUNTS} $5,515.00.",
        ),
        (LABOR_DAY | {"settings": {"holidays": ["2026-05-25"]}}, None),  # the case knows the year's holidays
        (LABOR_DAY | {"withdrawn_at": "2026-09-20T12:00:00-04:00"}, None),  # too late either way
        (
            # 45 business days: past Labor Day and Columbus Day.
            {
                "withdrawn_at": "2026-08-24T12:00:00-04:00",
                "settings": {"due_counts": "business_days"},
            },
            f"Labor Day, September 7, 2026; Columbus Day, October 12, 2026. {THEY_COUNT} due October 28, 2026.",
        ),
        (
            {
                "withdrawn_at": "2026-11-10T12:00:00-05:00",
                "settings": {"due_on_weekend": "next_business_day"},
            },
            f"Christmas Day, December 25, 2026. {IT_COUNTS} due December 28, 2026.",
        ),
        ({"withdrawn_at": "2026-11-10T12:00:00-05:00"}, None),  # calendar days, and it stays
        (
            {
                "withdrawn_at": "2026-11-10T12:00:00-05:00",
                "settings": {"due_on_weekend": "next_business_day", "payer": "va"},
            },
            None,
        ),
    ],
)
def test_legal_holidays_that_decide_and_are_not_known_are_named(
    changed: dict[str, Any], named: str | None
) -> None:
    lines = [line.text for line in door.preview(case(**changed)).lines]
    found = [text.removeprefix(NOT_KNOWN) for text in lines if text.startswith(NOT_KNOWN)]
    assert found == ([named] if named else [])


def test_legal_holidays_are_observed_on_weekdays() -> None:
    assert legal_holidays(2026)[date(2026, 7, 3)] == "Independence Day"
    for year in range(2000, 2100):
        found = legal_holidays(year)
        assert len(found) == 11
        assert all(day.weekday() < 5 for day in found)
    assert legal_holidays(2022)[date(2021, 12, 31)] == "New Year’s Day"
