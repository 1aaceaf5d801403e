"""The refund rule: the worked examples of the regulation, and what holds for every case."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.finance.refunds import door
from tests.rules.refund_cases import (
    CHOICES,
    MODULES,
    WEEKLY,
    Case,
    after_signing,
    attended,
    case,
    generated,
    kit,
    one_segment,
    paid,
    with_settings,
)

HOURS_72 = 72 * 3_600
AT_ONCE = after_signing(hours=1)
FEE_200 = {"signed_at": after_signing(), "application_fee_cents": 20_000, "application_fee_disclosed": True}
FULL_WITH_FEE_200 = [
    *(one for one in case()["payments"] if one["for"] != "application_fee"),
    paid(20_000, "application_fee"),
]


def amount(given: Case) -> int:
    return door.preview(given).amount_cents


def first_module(hours: int) -> Case:
    return case(items=[], payments=[paid(168_000, "segment:Module 1")], attended_minutes=hours * 60)


def instalments(cents: int, hours: int) -> Case:
    return case(items=[], payments=[paid(cents, "program")], attended_minutes=hours * 60)


def in_time(seconds: int, *, kept: bool, hours: int = 0, kind: str = "cancellation") -> Case:
    return attended(hours, items=[kit(kept=kept)], withdrawn_at=after_signing(seconds=seconds), kind=kind)


KINDER = {
    "name": "Kinder",
    "schedule": "tiers",
    "tiers": [{"through": 50, "refund_percent": 100}],
    "application_fee_cap_cents": 15_000,
}
EXAMPLES: list[tuple[str, Case, int]] = [
    ("1 canceled at 71:59:59, kit not issued", in_time(HOURS_72 - 1, kept=False), 536_500),
    ("2 the same, kit kept", in_time(HOURS_72 - 1, kept=True), 504_000),
    ("3 at exactly 72:00:00", in_time(HOURS_72, kept=False), 536_500),
    ("3 at exactly 72:00:00, never attended, kit kept", in_time(HOURS_72, kept=True), 504_000),
    ("4 at 72:00:01, never attended", in_time(HOURS_72 + 1, kept=False), 536_500),
    ("5 8 h attended, canceled at 56 h", in_time(56 * 3_600, kept=True, hours=8), 504_000),
    ("5 whatever it is called", in_time(56 * 3_600, kept=True, hours=8, kind="student"), 504_000),
    ("6 48 h", attended(48), 453_600),
    ("7 120 h", attended(120), 378_000),
    ("8 239 h", attended(239), 253_050),
    ("10 240 h exactly", attended(240), 0),
    ("11 module 1 paid, 40 h", first_module(40), 126_000),
    ("13 module 1 paid, 100 h", first_module(100), 63_000),
    ("15 $1,000 in instalments, 48 h", instalments(100_000, 48), 49_600),
    ("17 $200 application fee", attended(48, agreement=FEE_200, payments=FULL_WITH_FEE_200), 458_100),
    (
        "17 the excess comes back whole",
        with_settings(
            attended(48, agreement=FEE_200, payments=FULL_WITH_FEE_200), over_cap_application_fee="returned"
        ),
        458_600,
    ),
    ("19 the school cancels at 300 h", attended(300, kind="school_cancelled"), 551_500),
    ("20 administrative, 48 h", attended(48, kind="administrative"), 453_600),
    ("22 $4,999, 160 of 480 h", one_segment(499_900, 160), 333_267),
    ("22 rounded down", with_settings(one_segment(499_900, 160), rounding="down"), 333_266),
    *(
        (f"23 tiers, {hours} h", one_segment(480_000, hours, policy="gnpec-tiers"), dollars * 100)
        for hours, dollars in {24: 4560, 25: 4320, 48: 4320, 49: 3600, 120: 3600, 121: 2400, 240: 0}.items()
    ),
    (
        "23 tiers, 240 h, half still refunded",
        with_settings(one_segment(480_000, 240, policy="gnpec-tiers"), threshold_edge="refund"),
        240_000,
    ),
    ("half at 50%, as one school pays", with_settings(attended(240), threshold_edge="refund"), 252_000),
    ("half of the segment", with_settings(first_module(100), threshold_base="segment"), 0),
    ("the program is the segment", with_settings(first_module(40), paid_segment="program"), 154_000),
    (
        "fee not disclosed",
        attended(
            48, agreement=FEE_200 | {"application_fee_cents": 15_000, "application_fee_disclosed": False}
        ),
        467_100,
    ),
    (
        "Standard Nine in time: the fee too",
        attended(0, policy="standard-nine", withdrawn_at=after_signing(days=3), kind="cancellation"),
        551_500,
    ),
    (
        "the kit was never issued",
        with_settings(attended(48, items=[kit(kept=False)]), other_items="unissued_returned"),
        486_100,
    ),
    ("VA: pro rata past half, at most $10 kept", with_settings(attended(360), payer="va"), 126_000 + 3_500),
    *(
        (f"VA, {name}", with_settings(given, payer="va"), cents)
        for name, given, cents in (
            # The policy gives all of tuition and the kit's price at 48 h; pro rata would give 453,600 and 12,600.
            ("a kinder schedule of the school holds", attended(48, policy=KINDER), 504_000),
            ("and pro rata where it gives more", attended(360, policy=KINDER), 126_000 + 3_500),
            (
                "and all that is paid in time under Standard Nine",
                attended(0, policy="standard-nine", withdrawn_at=after_signing(days=3)),
                551_500,
            ),
        )
    ),
    (
        "instalments beside a paid module",
        case(items=[], payments=[paid(168_000, "segment:Module 1"), paid(100_000, "program")]),
        217_600,
    ),
    *(
        (
            f"last attended in the time to cancel, {kind}",
            with_settings(
                case(attended_minutes=480, withdrawn_at=after_signing(hours=30), kind=kind),
                withdrawal_date="last_attendance",
            ),
            cents,
        )
        for kind, cents in {"administrative": 495_600, "student": 495_600, "cancellation": 504_000}.items()
    ),
    ("nothing paid", case(payments=[]), 0),
    ("more attended than there is", attended(500), 0),
    (
        "paid after the withdrawal",
        case(items=[], payments=[paid(168_000, "segment:Module 3", "2026-06-01")]),
        168_000,
    ),
    (
        "paid after the withdrawal, left out",
        with_settings(
            case(items=[], payments=[paid(168_000, "segment:Module 3", "2026-06-01")]),
            payments_after_withdrawal="ignored",
        ),
        0,
    ),
]


@pytest.mark.parametrize(
    ("given", "cents"), [(one[1], one[2]) for one in EXAMPLES], ids=[one[0] for one in EXAMPLES]
)
def test_worked_examples(given: Case, cents: int) -> None:
    found = door.preview(given)
    assert found.amount_cents == cents
    assert sum(line.amount_cents for line in found.lines) == cents


def _lines(given: Case) -> list[str]:
    return [line.text for line in door.preview(given).lines]


def test_what_the_lines_say() -> None:
    early = {"withdrawn_at": after_signing(hours=30, minutes=5)}
    assert any(
        line.startswith(
            "Signed January 5, 2026 at 9:00:00 AM, canceled January 6, 2026 at 3:05:00 PM: within 72 hours"
        )
        for line in _lines(case(**early))
    )
    assert any(
        ", withdrawn January 6, 2026 at" in line for line in _lines(case(kind="administrative", **early))
    )
    over = attended(300, items=[kit(kept=False)])
    returned = with_settings(over, other_items="unissued_returned")
    assert amount(returned) == 32_500
    assert any(line.endswith("so no tuition or prorated fees come back.") for line in _lines(returned))
    steps = attended(47, policy={"name": "Steps", "step_percent": 10})
    own = "each paid segment goes by its own hours; of all other money the rest comes back."
    assert f"47 h of 480 h completed (9.79%), counted as 10%: {own}" in _lines(steps)
    assert "Earned: 47 h of 160 h of Module 1 completed (29.37%), counted as 30%" in _lines(steps)
    exact = attended(48, policy={"name": "Steps", "step_percent": 10})
    assert f"48 h of 480 h completed (10%): {own}" in _lines(exact)
    at_once = {"items": [], "payments": [paid(514_000, "program")]}
    assert "48 h of 480 h completed (10%): the rest comes back." in _lines(attended(48, **at_once))
    week = case()["program"] | {"starts_on": "2026-02-23", "weeks": 1}
    assert any(line.startswith("0 of 1 week begun: ") for line in _lines(case(policy=WEEKLY, program=week)))


def test_the_words_of_segments_and_of_money_paid_beyond_the_charges_are_those_of_the_figures() -> None:
    # Module 1 is over, of Module 2 (10 h of 160 h) a step of 10% is kept. Of the whole program it would be 40%.
    steps = attended(170, policy={"name": "Steps", "step_percent": 10}, items=[])
    steps["payments"] = [paid(168_000, f"segment:Module {number}") for number in (1, 2, 3)]
    assert amount(steps) == 504_000 - 168_000 - 16_800
    (head,) = [line for line in _lines(steps) if line.startswith("170 h of 480 h")]
    assert head.endswith("each paid segment goes by its own hours; of all other money the rest comes back.")
    # $100.00 more than the charge was paid: it comes back where nothing else does.
    over = attended(300, items=[], payments=[paid(514_000, "program")], settings={"overpayment": "returned"})
    assert amount(over) == 10_000
    said = _lines(over)
    assert "Earned: the whole charge" in said
    assert any(
        line.endswith("prorated fees come back, except what was paid beyond the charges.") for line in said
    )
    exact = _lines(attended(300, items=[], payments=[paid(504_000, "program")]))
    assert "Earned: all of it" in exact
    assert any(line.endswith("so no tuition or prorated fees come back.") for line in exact)


def test_va_funds_get_the_larger_of_two_refunds_and_the_words_say_which() -> None:
    said = lambda hours: next(  # noqa: E731
        text for text in _lines(with_settings(attended(hours, policy=KINDER), payer="va")) if "CFR" in text
    )
    assert said(48) == (
        "VA funds (38 CFR 21.4255): pro rata to the end of the program gives $4,662.00. The policy gives more, so it "
        "holds; due within 40 days."
    )
    assert said(360) == (
        "VA funds (38 CFR 21.4255): pro rata to the end of the program, at most $10 of a fee kept, due within 40 days. "
        "The policy alone gives $0.00."
    )


def test_tiers_in_words_are_those_of_the_money() -> None:
    """By segment each has its own; everything else goes by the program's."""
    by_segment = with_settings(attended(100, policy=TIERS), tier_base="segment")
    said = {line.text: line.amount_cents for line in door.preview(by_segment).lines}
    assert (
        "100 h of 480 h completed (20.83%): each paid segment has its own tier; of all other money 40% comes back."
        in said
    )
    assert said["Earned: 100 h of 160 h of Module 1 completed (62.5%), so 0% comes back"] == -168_000
    assert said["Earned: 0 h of 160 h of Module 2 completed (0%), so 90% comes back"] == -16_800
    by_program = {line.text: line.amount_cents for line in door.preview(attended(100, policy=TIERS)).lines}
    assert by_program["Earned: of Module 1, by the program’s tier: 40% comes back"] == -100_800
    toward = case(policy=TIERS, attended_minutes=6_000, items=[], payments=[paid(504_000, "program")])
    assert "Earned: 60% of $5,040.00 charged" in _lines(toward)


# A school's own filed policy, and the shapes of other states, as data

TIERS = {
    "name": "Filed",
    "schedule": "tiers",
    "tiers": [{"through": 10, "refund_percent": 90}, {"through": 60, "refund_percent": 40}],
}


@pytest.mark.parametrize(
    ("policy", "changed", "cents"),
    [
        (TIERS, {"attended_minutes": 2_880}, 453_600),
        (TIERS, {"attended_minutes": 2_881}, 201_600),
        (TIERS, {"attended_minutes": 17_281}, 0),
        (WEEKLY, {"withdrawn_at": "2026-02-15T12:00:00"}, 504_000),
        (WEEKLY, {"withdrawn_at": "2026-02-22T12:00:00"}, 403_200),
        (WEEKLY, {"withdrawn_at": "2026-02-23T12:00:00"}, 252_000),
        (WEEKLY, {"withdrawn_at": "2026-03-09T12:00:00"}, 0),
        (WEEKLY | {"tiers": []}, {"withdrawn_at": "2026-02-23T12:00:00"}, 420_000),
        ({"name": "60%", "nothing_from_percent": 60}, {"attended_minutes": 17_279}, 201_618),
        ({"name": "60%", "nothing_from_percent": 60}, {"attended_minutes": 17_280}, 0),
        ({"name": "To the end"}, {"attended_minutes": 26_880}, 33_600),
        ({"name": "Steps", "step_percent": 25}, {"attended_minutes": 2_880}, 336_000 + 168_000 // 2),
    ],
)
def test_a_policy_as_data(policy: dict[str, Any], changed: dict[str, Any], cents: int) -> None:
    program = case()["program"] | {"starts_on": "2026-02-16", "weeks": 12}
    found = case(policy=policy, program=program, **changed)
    result = door.preview(found)
    assert (result.amount_cents, result.policy) == (cents, policy["name"])


# What holds for every case

CASES = st.integers(0, 1_000_000).map(lambda seed: generated(seed, 1, settings=seed % 2 == 1)[0])


@given(CASES)
@settings(max_examples=300, deadline=None)
def test_between_nothing_and_what_was_paid_less_what_is_retained(given: Case) -> None:
    found = door.preview(given)
    everything = sum(one["amount_cents"] for one in given["payments"])
    assert 0 <= found.amount_cents <= everything
    assert sum(line.amount_cents for line in found.lines) == found.amount_cents
    assert found.as_record()["settings"].keys() >= given["settings"].keys() | CHOICES.keys()
    if given["policy"] == "gnpec-current" and given["kind"] != "school_cancelled" and not given["settings"]:
        assert found.amount_cents <= everything - _retained(given)


def _retained(given: Case) -> int:
    to = lambda purpose: sum(one["amount_cents"] for one in given["payments"] if one["for"] == purpose)  # noqa: E731
    kept = [one for one in given["items"] if one["kept"] and one["disclosed"] and not one["refundable"]]
    agreement = given["agreement"]
    fee = min(to("application_fee"), agreement["application_fee_cents"], 15_000)
    items = sum(min(one["amount_cents"], to(f"item:{one['name']}")) for one in kept)
    return items + (fee if agreement["application_fee_disclosed"] else 0)


@given(CASES)
@settings(max_examples=200, deadline=None)
def test_va_funds_get_no_less_than_the_policy_and_no_less_than_pro_rata(given: Case) -> None:
    """Whatever the policy and its reading: the larger of what it gives and what the federal rule gives."""
    own = door.compute(door.case_of(with_settings(given, payer="student")))
    old = given["policy"] != "gnpec-current"
    cap = given["settings"].get("application_fee_cap_cents")
    least = given | {
        "policy": {
            "name": "Pro rata",
            "window_hours": None if old else 72,
            "window_business_days": 3 if old else None,
            "window_returns": "all_paid" if old else "all_but_retained",
        }
    }
    chosen = {"payer": "student", "application_fee_cap_cents": min(1_000 if cap is None else cap, 1_000)}
    assert amount(with_settings(given, payer="va")) == max(
        own.amount_cents, amount(with_settings(least, **chosen))
    )


@given(CASES)
@settings(max_examples=200, deadline=None)
def test_a_tier_in_words_is_the_tier_of_the_money(given: Case) -> None:
    """Of each paid segment the line says which percentage comes back, and that much does, to the cent's rounding."""
    given = with_settings(
        given | {"policy": "gnpec-tiers"}, partial_segments="prorated", overpayment="as_paid"
    )
    lines = door.compute(door.case_of(given)).lines
    for bought, earned in pairwise(lines):
        found = re.search(r"^Earned: .* (\d+)% comes back$", earned.text)
        if found:
            exact = bought.amount_cents * (100 - int(found[1]))
            assert abs(-100 * earned.amount_cents - exact) <= 100, (bought, earned)


@given(CASES, st.integers(0, 30_000))
@settings(max_examples=300, deadline=None)
def test_who_completes_more_is_owed_no_more(given: Case, more: int) -> None:
    if given["settings"].get("cancelled_before_start") == "as_withdrawal":
        return
    later = given | {"attended_minutes": given["attended_minutes"] + more}
    assert amount(later) <= amount(given)


@given(CASES, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_how_payments_were_split_in_time_changes_nothing(given: Case, chance: Any) -> None:
    given = given | {"settings": given["settings"] | {"payments_after_withdrawal": "counted"}}
    split = []
    for one in given["payments"]:
        first = chance.randint(0, one["amount_cents"])
        split += [
            one | {"amount_cents": first, "paid_on": "2026-12-31"},
            one | {"amount_cents": one["amount_cents"] - first},
        ]
    chance.shuffle(split)
    found, whole = (door.compute(door.case_of(one)) for one in (given | {"payments": split}, given))
    assert found == whole


@given(CASES)
@settings(max_examples=200, deadline=None)
def test_a_recorded_result_computes_again_to_the_same(given: Case) -> None:
    first = door.preview(given)
    again = door.preview(given | {"settings": first.as_record()["settings"]})
    assert again == first


@given(st.integers(0, 1_000_000))
@settings(max_examples=100, deadline=None)
def test_instalments_of_the_whole_charge_are_the_segments_paid_in_full(minutes: int) -> None:
    """Where all segments cost the same an hour, it does not matter what the money was called."""
    whole = case(items=[], payments=[paid(504_000, "program")], attended_minutes=minutes)
    parts = case(
        items=[], payments=[paid(168_000, f"segment:{name}") for name in MODULES], attended_minutes=minutes
    )
    assert amount(whole) == amount(parts)
