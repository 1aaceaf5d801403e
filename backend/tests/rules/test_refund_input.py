"""Case files that contradict themselves or are none: each is refused with the place and a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from app.finance.refunds import door
from tests.rules.refund_cases import WEEKLY, Case, case, paid


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
