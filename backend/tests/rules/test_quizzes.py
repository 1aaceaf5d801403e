"""Grading of each kind of question, draws and statistics: properties over examples."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import quizzes
from app.rules.quiz_draws import Drawn, Pool, as_shown, draw, order_of, shuffled
from app.rules.quiz_statistics import FEWEST, Given, figures
from app.rules.quizzes import LessonState, credit, lesson_status

IDS = st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=2, max_size=8, unique=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
AREAS = [
    {"id": "big", "label": "Jaw", "x": 0, "y": 0, "width": 100, "height": 100},
    {"id": "small", "label": "Molar", "x": 10, "y": 10, "width": 20, "height": 20},
]
QUESTIONS = {
    "choice": ({"options": [{"id": "a", "text": "A"}]}, {"id": "a"}),
    "multiple": ({"options": []}, {"ids": ["a", "b"]}),
    "numeric": ({}, {"value": "12.5", "tolerance": "0.1"}),
    "match": ({"prompts": [], "options": []}, {"pairs": {"a": "x", "b": "y"}}),
    "order": ({"options": []}, {"ids": ["a", "b", "c"]}),
    "hotspot": ({"areas": AREAS}, {"ids": ["small"]}),
}


@pytest.mark.parametrize("kind", quizzes.KINDS)
@given(
    answer=st.dictionaries(st.sampled_from(["id", "ids", "value", "pairs", "x", "y"]), JSON, max_size=4)
    | st.none()
)
def test_nonsense_earns_something_between_nothing_and_all_and_never_fails(
    kind: str, answer: dict[str, object] | None
) -> None:
    content, key = QUESTIONS[kind]
    assert 0 <= credit(kind, content, key, answer) <= 1


@pytest.mark.parametrize("kind", quizzes.KINDS)
def test_no_answer_earns_nothing_and_the_key_earns_all(kind: str) -> None:
    content, key = QUESTIONS[kind]
    right = {"x": 15, "y": 15} if kind == "hotspot" else {"value": "12.5"} if kind == "numeric" else key
    assert credit(kind, content, key, None) == 0
    assert credit(kind, content, key, {}) == 0
    assert credit(kind, content, key, right) == 1


@given(IDS, st.data())
def test_several_right_ones_count_up_and_wrong_ones_down(ids: list[str], data: st.DataObject) -> None:
    right = set(data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)))
    chosen = set(data.draw(st.lists(st.sampled_from(ids), unique=True)))
    share = credit("multiple", {}, {"ids": sorted(right)}, {"ids": sorted(chosen)})
    assert share == max(Fraction(0), Fraction(len(right & chosen) - len(chosen - right), len(right)))
    # One more right choice never lowers it, one more wrong one never raises it.
    for one in ids:
        more = credit("multiple", {}, {"ids": sorted(right)}, {"ids": sorted(chosen | {one})})
        assert more >= share if one in right else more <= share


@given(st.decimals(-1000, 1000, places=3), st.decimals(0, 10, places=3), st.decimals(-20, 20, places=3))
def test_a_number_is_right_within_its_tolerance_to_the_last_digit(
    value: Decimal, tolerance: Decimal, off: Decimal
) -> None:
    key = {"value": str(value), "tolerance": str(tolerance)}
    assert (credit("numeric", {}, key, {"value": str(value + off)}) == 1) == (abs(off) <= tolerance)


@pytest.mark.parametrize("typed", ["12,5", " 12.50 ", "1.25e1", "+12.5"])
def test_a_number_may_be_typed_in_several_ways(typed: str) -> None:
    assert credit("numeric", {}, {"value": "12.5", "tolerance": "0"}, {"value": typed}) == 1


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,000", "1000"),
        ("−12,345,678.5", "-12345678.5"),
        ("0,125", "0.125"),
        ("1,0000", "1"),
        ("1,00", "1"),
        ("1,000.5", "1000.5"),
        ("1,00,000", None),
        ("1,000,00", None),
    ],
)
def test_commas_before_three_digits_separate_thousands(typed: str, number: str | None) -> None:
    assert quizzes.number_of(typed) == (None if number is None else Decimal(number))


@pytest.mark.parametrize("typed", ["", "twelve", "NaN", "inf", "1e999999999", "12.5.0", "9" * 1000])
def test_what_is_no_number_is_wrong(typed: str) -> None:
    assert credit("numeric", {}, {"value": "12.5", "tolerance": "0"}, {"value": typed}) == 0


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=8, unique=True).map(lambda n: [str(one) for one in n]),
    st.data(),
)
def test_steps_in_their_place_count_and_the_whole_order_is_all(ids: list[str], data: st.DataObject) -> None:
    answer = data.draw(st.permutations(ids))
    share = credit("order", {}, {"ids": ids}, {"ids": answer})
    assert share == Fraction(sum(a == b for a, b in zip(ids, answer, strict=True)), len(ids))
    assert (share == 1) == (answer == ids)
    assert credit("order", {}, {"ids": ids}, {"ids": answer[:-1]}) == 0
    assert credit("order", {}, {"ids": ids}, {"ids": [answer[0]] * len(ids)}) == 0


@given(IDS, st.data())
def test_each_right_pair_counts(ids: list[str], data: st.DataObject) -> None:
    right = {one: data.draw(st.sampled_from("xyz")) for one in ids}
    given_pairs = {one: data.draw(st.sampled_from("xyz")) for one in ids}
    share = credit("match", {}, {"pairs": right}, {"pairs": given_pairs})
    assert share == Fraction(sum(right[one] == given_pairs[one] for one in ids), len(ids))


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_place_that_is_hit_is_the_smallest_one_there(x: float, y: float) -> None:
    inside = 10 <= x <= 30 and 10 <= y <= 30
    assert quizzes.area_at({"areas": AREAS}, x, y) == ("small" if inside else "big")
    hit = credit("hotspot", {"areas": AREAS}, {"ids": ["small"]}, {"x": x, "y": y})
    assert hit == (1 if inside else 0)


# Attempts


@given(st.lists(st.fractions(0, 100), max_size=6))
def test_which_attempt_counts(percents: list[Fraction]) -> None:
    if not percents:
        assert quizzes.overall(percents, "highest") is None
        return
    assert quizzes.overall(percents, "highest") == max(percents)
    assert quizzes.overall(percents, "last") == percents[-1]
    assert quizzes.overall(percents, "first") == percents[0]
    mean = quizzes.overall(percents, "average")
    assert mean is not None
    assert min(percents) <= mean <= max(percents)
    assert mean * len(percents) == sum(percents)


@given(st.integers(1, 600), st.integers(0, 300), st.integers(0, 300))
def test_more_time_never_ends_sooner(minutes: int, some: int, other: int) -> None:
    started = datetime(2026, 11, 2, 12, tzinfo=UTC)
    plain, more = (
        quizzes.deadline(started, minutes, extra) for extra in (min(some, other), max(some, other))
    )
    assert plain is not None
    assert more is not None
    assert started + timedelta(minutes=minutes) <= plain <= more
    assert more - started <= timedelta(minutes=minutes) * (100 + max(some, other)) / 100 + timedelta(
        seconds=1
    )
    assert quizzes.deadline(started, None, some) is None


def test_an_answer_on_its_way_still_counts_and_a_later_one_does_not() -> None:
    ends = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert not quizzes.is_over(ends, ends + quizzes.GRACE)
    assert quizzes.is_over(ends, ends + quizzes.GRACE + timedelta(microseconds=1))
    assert not quizzes.is_over(None, ends)


@given(st.booleans(), st.booleans(), st.none() | st.fractions(0, 100), st.integers(0, 100))
def test_a_lesson_is_done_when_it_is_read_and_its_quiz_passed(
    read: bool, quiz: bool, percent: Fraction | None, needed: int
) -> None:
    status = lesson_status(LessonState(read, quiz, percent, needed))
    passed = percent is not None and percent >= needed
    assert (status in ("passed", "completed")) == (read and (passed or not quiz))
    assert (status == "failed") == (quiz and percent is not None and not passed)


# Draws

POOLS = st.lists(
    st.tuples(st.integers(1, 6), st.lists(st.integers(1, 40), min_size=1, max_size=12, unique=True)).map(
        lambda one: Pool(one[0], tuple(one[1]))
    ),
    min_size=1,
    max_size=4,
)


@given(POOLS, st.text(max_size=8), st.booleans())
def test_so_many_of_each_pool_are_asked_none_twice_and_the_same_by_the_same_seed(
    pools: list[Pool], seed: str, shuffle: bool
) -> None:
    chosen = draw(pools, seed, shuffle=shuffle)
    assert chosen == draw(pools, seed, shuffle=shuffle)
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= {one for pool in pools for one in pool.questions}
    assert set(chosen) == set(draw(pools, seed, shuffle=not shuffle))
    for pool in pools:
        assert len(set(chosen) & set(pool.questions)) >= min(pool.draw, len(pool.questions))
    first = pools[0]
    alone = draw([first], seed, shuffle=False)
    assert len(alone) == min(first.draw, len(first.questions))
    assert alone == [one for one in first.questions if one in alone]


def test_every_question_of_a_pool_comes_up() -> None:
    pool = Pool(1, tuple(range(5)))
    assert {draw([pool], str(seed), shuffle=True)[0] for seed in range(200)} == set(range(5))


@given(st.lists(st.integers(), max_size=20), st.text(max_size=5))
def test_a_shuffle_loses_nothing(items: list[int], seed: str) -> None:
    assert sorted(shuffled(items, seed)) == sorted(items)


@given(IDS, st.text(max_size=5), st.booleans())
def test_steps_are_never_shown_in_the_right_order(ids: list[str], seed: str, shuffle: bool) -> None:
    content = {"options": [{"id": one, "text": one.upper()} for one in ids]}
    order = order_of("order", content, seed, 1, shuffle=shuffle)
    assert sorted(order) == sorted(ids)
    assert list(order) != ids
    shown = as_shown(content, Drawn(1, order).order)
    assert [one["id"] for one in shown["options"]] == list(order)
    assert order_of("choice", content, seed, 1, shuffle=False) == ()


# Statistics


@given(st.lists(st.tuples(st.fractions(0, 1), st.fractions(0, 20)), max_size=40))
def test_figures_stay_within_their_bounds(pairs: list[tuple[Fraction, Fraction]]) -> None:
    found = figures([Given(credit, rest, ("a",)) for credit, rest in pairs])
    assert found.answers == len(pairs)
    if not pairs:
        assert found.correct is None
        return
    assert found.correct == Fraction(sum(credit == 1 for credit, _ in pairs), len(pairs))
    assert found.choices == {"a": len(pairs)}
    if len(pairs) < FEWEST:
        assert found.discrimination is None
    elif found.discrimination is not None:
        assert -1 <= found.discrimination <= 1


def test_a_question_that_the_better_ones_get_right_discriminates() -> None:
    good = [Given(Fraction(rest > 5), Fraction(rest), ()) for rest in range(20)]
    bad = [Given(Fraction(rest <= 5), Fraction(rest), ()) for rest in range(20)]
    assert (figures(good).discrimination or 0) > 0.5
    assert math.isclose(figures(bad).discrimination or 0, -(figures(good).discrimination or 0))
    assert figures([Given(Fraction(1), Fraction(rest), ()) for rest in range(20)]).discrimination is None
