"""The open points of the refund rule: each is a choice of the school or decided elsewhere, and its example shows it."""

from dataclasses import fields
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.refunds_examples import compare, effects
from app.rules.refunds_open_points import DECIDED, POINTS
from app.rules.refunds_payees import Share, shares
from app.rules.refunds_policies import GNPEC_CURRENT, TIERS
from app.rules.refunds_settings import Settings
from app.school.refund_rules import RefundSettingsPolicy, settings_of


def test_each_setting_is_a_choice_of_the_school_or_decided_elsewhere() -> None:
    assert sorted([*POINTS, *DECIDED]) == sorted(one.name for one in fields(Settings))
    hints = get_type_hints(Settings)
    for name, point in POINTS.items():
        if name not in ("holidays", "payee"):
            assert set(point.choices) == set(get_args(hints[name])), name
            assert point.default == getattr(Settings(), name), name
    assert set(POINTS["payee"].choices) <= set(get_args(hints["payee"]))
    assert settings_of(RefundSettingsPolicy().as_settings(), "America/New_York") == Settings()


@pytest.mark.parametrize("name", POINTS)
def test_the_example_of_an_open_point_shows_what_it_changes(name: str) -> None:
    words, given_ = effects(name, GNPEC_CURRENT)
    assert words
    assert [one.choice for one in given_] == list(POINTS[name].choices)
    assert len({one.gives for one in given_}) > 1, given_


def test_the_worked_examples_of_a_version_are_those_of_the_regulation() -> None:
    current = {one.words: one.cents for one in compare(GNPEC_CURRENT)}
    assert all(one.cents == one.gnpec_cents for one in compare(GNPEC_CURRENT))
    assert current["48 of 480 hours completed"] == 453_600
    assert current["120 of 480 hours completed"] == 378_000
    assert current["239 of 480 hours completed"] == 253_050
    assert current["240 of 480 hours completed"] == 0
    assert current["The school cancels after 300 hours, with no alternative"] == 551_500
    tiers = {one.words: one.cents for one in compare(TIERS)}
    # 75% of $5,040.00, and of the $50.00 of the fee above the older cap.
    assert tiers["120 of 480 hours completed"] == 378_000 + 3_750


_PURPOSES = st.sampled_from(["program", "application_fee", "item:Kit"])


@given(
    st.lists(st.tuples(st.sampled_from([None, 1, 2]), _PURPOSES, st.integers(1, 10_000)), max_size=8),
    st.data(),
    st.booleans(),
)
def test_a_refund_is_shared_to_the_cent_and_nobody_gets_more_than_comes_back_of_theirs(
    paid: list[tuple[int | None, str, int]], data: st.DataObject, student_first: bool
) -> None:
    sums: dict[str, int] = {}
    for _who, purpose, cents in paid:
        sums[purpose] = sums.get(purpose, 0) + cents
    back = {purpose: data.draw(st.integers(0, cents)) for purpose, cents in sums.items()}
    amount = sum(back.values())
    found = shares(amount, back, [Share(*one) for one in paid], student_first=student_first)
    assert sum(found.values()) == amount
    assert all(cents > 0 for cents in found.values())
    for who in (None, 1, 2):
        own: dict[str, int] = {}
        for payer, purpose, cents in paid:
            if payer == who:
                own[purpose] = own.get(purpose, 0) + cents
        most = sum(min(cents, back[purpose]) for purpose, cents in own.items())
        assert found.get(who, 0) <= most
        if student_first and who is None:
            assert found.get(who, 0) == most
