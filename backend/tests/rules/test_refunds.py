"""The refund rule: the worked examples of the regulation, the clocks, and what holds for every case."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.finance.refunds import door
from tests.rules.refund_cases import (
    CHOICES,
    MODULES,
    Case,
    after_signing,
    case,
    generated,
    kit,
    one_segment,
    paid,
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


def with_settings(given: Case, **chosen: Any) -> Case:
    return given | {"settings": given["settings"] | chosen}


def first_module(hours: int) -> Case:
    return case(items=[], payments=[paid(168_000, "segment:Module 1")], attended_minutes=hours * 60)


def instalments(cents: int, hours: int) -> Case:
    return case(items=[], payments=[paid(cents, "program")], attended_minutes=hours * 60)


def attended(hours: int, **changed: Any) -> Case:
    return case(attended_minutes=hours * 60, **changed)


def in_time(seconds: int, *, kept: bool, hours: int = 0, kind: str = "cancellation") -> Case:
    return attended(hours, items=[kit(kept=kept)], withdrawn_at=after_signing(seconds=seconds), kind=kind)


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
    assert "47 h of 480 h completed (9.79%), counted as 10%: the rest comes back." in _lines(steps)
    assert "Earned: 47 h of 160 h of Module 1 completed (29.37%), counted as 30%" in _lines(steps)
    exact = attended(48, policy={"name": "Steps", "step_percent": 10})
    assert "48 h of 480 h completed (10%): the rest comes back." in _lines(exact)
    week = case()["program"] | {"starts_on": "2026-02-23", "weeks": 1}
    assert any(line.startswith("0 of 1 week begun: ") for line in _lines(case(policy=WEEKLY, program=week)))


# A school's own filed policy, and the shapes of other states, as data

TIERS = {
    "name": "Filed",
    "schedule": "tiers",
    "tiers": [{"through": 10, "refund_percent": 90}, {"through": 60, "refund_percent": 40}],
}
WEEKLY = {
    "name": "Weekly",
    "schedule": "weekly",
    "tiers": [
        {"through": 0, "refund_percent": 100},
        {"through": 1, "refund_percent": 80},
        {"through": 3, "refund_percent": 50},
    ],
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


# Bad input


def _changed(path: str, value: Any) -> Callable[[], Case]:
    def make() -> Case:
        found = case()
        *parents, last = path.split("/")
        at: Any = found
        for key in parents:
            at = at[int(key) if key.isdigit() else key]
        at[int(last) if last.isdigit() else last] = value
        return found

    return make


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("attended_minutes", True, "$.attended_minutes"),
        ("attended_minutes", -1, "$.attended_minutes"),
        ("attended_minutes", 60.0, "$.attended_minutes"),
        ("payments/0/amount_cents", 168_000.5, "$.payments[0].amount_cents"),
        ("payments/0/amount_cents", "168000", "$.payments[0].amount_cents"),
        ("payments/0/amount_cents", -1, "$.payments[0].amount_cents"),
        ("payments/0/amount_cents", 10**30, "$.payments[0].amount_cents"),
        ("payments", [paid(2_000_000_000, "program")] * 2, "$.payments"),
        ("payments/1/for", "segment:Module 9", "$.payments[1].for"),
        ("payments/1/for", "item:Book", "$.payments[1].for"),
        ("payments/1/for", "tuition", "$.payments[1].for"),
        ("payments/1/paid_on", "2026-02-30", "$.payments[1].paid_on"),
        ("payments/1/paid_on", 20260105, "$.payments[1].paid_on"),
        ("program/segments/1/name", "Module 1", "$.program.segments[1].name"),
        ("program/segments/1/total_minutes", 0, "$.program.segments[1].total_minutes"),
        ("program/total_minutes", 100, "$.program.segments"),
        ("program/tuition", 1, "$.program.tuition"),
        ("a key", 1, '$["a key"]'),
        ("items", {}, "$.items"),
        ("items/0/kept", "yes", "$.items[0].kept"),
        ("items/0/kept", 1, "$.items[0].kept"),
        ("items/0/name", " ", "$.items[0].name"),
        ("items/0/name", "a\ud800", "$.items[0].name"),
        ("agreement/signed_at", "2026-13-01T00:00:00Z", "$.agreement.signed_at"),
        ("agreement/signed_at", 1_767_621_600, "$.agreement.signed_at"),
        ("agreement/signed_at", None, "$.agreement.signed_at"),
        ("agreement/signed_at", "0001-01-01T00:00:00+14:00", "$.agreement.signed_at"),
        ("agreement/signed_at", "2026-03-08T02:30:00", "$.agreement.signed_at"),
        ("withdrawn_at", "2026-11-01T01:30:00", "$.withdrawn_at"),
        ("withdrawn_at", "2026-01-05T08:59:59-05:00", "$.withdrawn_at"),
        ("policy", "gnpec", "$.policy"),
        ("policy", {"schedule": "tiers"}, "$.policy.name"),
        ("policy", {"name": "X", "schedule": "tiers"}, "$.policy.tiers"),
        ("policy", WEEKLY, "$.program.starts_on"),
        ("policy", {"name": "X", "effective_from": "2026-02-01"}, "$.policy.effective_from"),
        ("kind", "graduated", "$.kind"),
        ("settings/rounding", "bankers", "$.settings.rounding"),
        ("settings/time_zone", "../../etc/passwd", "$.settings.time_zone"),
        ("settings/completed", "scheduled_hours", "$.scheduled_minutes"),
        ("settings/colour", "red", "$.settings.colour"),
        ("settings", None, "$.settings"),
    ],
)
def test_wrong_input_is_named_with_its_path(path: str, value: Any, named: str) -> None:
    with pytest.raises(door.CaseRefused) as refused:
        door.preview(_changed(path, value)())
    assert [one.path for one in refused.value.faults] == [named]
    assert all(one.sentence.endswith(".") for one in refused.value.faults)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("items/0/name", "a\ud800", "The text contains a character that cannot be printed."),
        ("payments/0/for", "", "segment:NAME, item:NAME, application_fee or program."),
        ("payments/0/for", " ", "segment:NAME, item:NAME, application_fee or program."),
        ("attended_minutes", 10**9, "Give 10,000,000 or less."),
    ],
)
def test_wrong_input_is_said_in_words(path: str, value: Any, words: str) -> None:
    with pytest.raises(door.CaseRefused) as refused:
        door.preview(_changed(path, value)())
    assert refused.value.faults[0].sentence.endswith(words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        '{"policy": 1, "policy": 2}',
        '{"attended_minutes": NaN}',
        "[" * 100_000,
        "9" * 5_000,
        b"\xff{}",
    ],
)
def test_what_is_no_json_of_one_meaning_is_refused(text: str | bytes) -> None:
    with pytest.raises(door.CaseRefused, match=r"^\$"):
        door.preview(door.parse(text))
