"""The grade of a class and what is typed into its book: worked examples, and what must hold of every book."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import grades_entry
from app.rules.grades import default_scheme
from app.rules.grades_book import Category, Item, Score, State, class_grade, weights_fault
from app.rules.grades_entry import Entry, read, shown

SCHEME = default_scheme()
TODAY = date(2026, 5, 4)
QUIZZES, FINAL = Category(1, "Quizzes", Decimal(40), 1), Category(2, "Final", Decimal(60), 0)
ITEMS = [
    Item(1, 1, "Quiz 1", Decimal(10)),
    Item(2, 1, "Quiz 2", Decimal(10)),
    Item(3, 1, "Quiz 3", Decimal(20)),
    Item(4, 2, "Final", Decimal(100)),
]


def grade(*scores: Score, today: date = TODAY):  # type: ignore[no-untyped-def]
    return class_grade([QUIZZES, FINAL], ITEMS, scores, SCHEME, today)


def points(item: int, worth: str, state: State = State.GRADED) -> Score:
    return Score(item, Decimal(worth), state)


def test_a_worked_example() -> None:
    found = grade(points(1, "6"), points(2, "9"), points(3, "18"), points(4, "83.5"))
    # Quizzes without the first: 27 of 30, 90%; 90 × 0.4 + 83.5 × 0.6 = 86.1
    assert (found.percent, found.letter) == (Decimal("86.10"), "B")
    assert found.explanation == (
        "Quizzes (weight 40%): 27 of 30 points, 90%; dropped: Quiz 1. Final (weight 60%): 83.5 of 100 points, 83.5%. "
        "Together: (90% × 40 + 83.5% × 60) ÷ 100 = 86.1%, which is B."
    )


def test_a_category_without_scores_shares_its_weight() -> None:
    assert grade(points(4, "70")).percent == Decimal("70.00")
    assert grade().percent is None
    assert "nothing graded yet" in grade(points(4, "70")).explanation


def test_missing_counts_nothing_and_excused_is_left_out() -> None:
    assert grade(points(4, "80"), Score(1, None, State.MISSING)).percent == Decimal("48.00")
    excused = grade(points(4, "80"), Score(1, None, State.EXCUSED))
    assert excused.percent == Decimal("80.00")
    assert excused.lines[0].left_out == ("Quiz 1",)


def test_an_incomplete_counts_nothing_once_its_day_is_over() -> None:
    waits = Score(1, None, State.INCOMPLETE, TODAY)
    assert grade(points(4, "80"), waits).percent == Decimal("80.00")
    assert grade(points(4, "80"), waits, today=TODAY + timedelta(days=1)).percent == Decimal("48.00")


def test_what_is_dropped_is_what_helps_the_student_most() -> None:
    items = [
        Item(1, 1, "Small", Decimal(10)),
        Item(2, 1, "Large", Decimal(1000)),
        Item(3, 1, "Other", Decimal(10)),
    ]
    category = Category(1, "All", Decimal(100), 1)
    scores = [points(1, "5"), points(2, "510"), points(3, "10")]
    found = class_grade([category], items, scores, SCHEME, TODAY)
    # The small one has the lowest percentage (50%), but without the large one 15 of 20 are left.
    assert (found.percent, found.lines[0].dropped) == (Decimal("75.00"), ("Large",))


def test_one_score_always_counts() -> None:
    category = Category(1, "All", Decimal(100), 5)
    assert class_grade([category], ITEMS, [points(1, "8")], SCHEME, TODAY).percent == Decimal("80.00")


def test_what_is_not_published_counts_for_nobody() -> None:
    hidden = Item(1, 1, "Quiz 1", Decimal(10), published=False)
    assert class_grade([QUIZZES], [hidden], [points(1, "1")], SCHEME, TODAY).percent is None


def test_the_letter_is_that_of_the_rounded_number() -> None:
    items = [Item(1, 1, "All", Decimal("2000"))]
    category = Category(1, "All", Decimal(100), 0)
    found = class_grade([category], items, [points(1, "1799.9")], SCHEME, TODAY)  # 89.995%
    assert (found.percent, found.letter) == (Decimal("90.00"), "A")


def test_weights_must_add_up() -> None:
    assert weights_fault([QUIZZES, FINAL]) is None
    assert weights_fault([FINAL]) == "The weights add up to 60%, and must add up to 100%: 40% more."
    assert "20% less" in (weights_fault([FINAL, FINAL]) or "")


items_and_scores = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 100), st.integers(1, 2), st.sampled_from(list(State))),
    min_size=1,
    max_size=12,
)
Drawn = list[tuple[int, int, int, State]]


def _book(drawn: Drawn, drop: int, better: int | None = None):  # type: ignore[no-untyped-def]
    categories = [Category(1, "One", Decimal(30), drop), Category(2, "Two", Decimal(70), drop)]
    items = [Item(n, one[2], f"Item {n}", Decimal(one[0])) for n, one in enumerate(drawn)]
    scores = []
    for number, (possible, share, _, state) in enumerate(drawn):
        worth = possible if number == better else Decimal(possible * share) / 100
        scores.append(Score(number, Decimal(worth), State.GRADED if number == better else state, TODAY))
    return categories, items, scores


@given(items_and_scores, st.integers(0, 3), st.randoms())
def test_a_grade_lies_between_0_and_100_whatever_the_order(drawn: Drawn, drop: int, random: object) -> None:
    categories, items, scores = _book(drawn, drop)
    found = class_grade(categories, items, scores, SCHEME, TODAY)
    assert found.percent is None or 0 <= found.percent <= 100
    random.shuffle(scores)  # type: ignore[attr-defined]
    assert class_grade(categories, items, scores, SCHEME, TODAY) == found


@given(items_and_scores, st.integers(0, 3), st.data())
def test_full_points_for_one_item_never_lower_a_grade(drawn: Drawn, drop: int, data: st.DataObject) -> None:
    graded = [n for n, one in enumerate(drawn) if one[3] in (State.GRADED, State.LATE, State.MISSING)]
    if not graded:
        return
    better = data.draw(st.sampled_from(graded))
    before = class_grade(*_book(drawn, drop), SCHEME, TODAY).percent
    after = class_grade(*_book(drawn, drop, better), SCHEME, TODAY).percent
    assert before is not None
    assert after is not None
    assert after >= before


# What is typed


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("42.5", Entry(State.GRADED, Decimal("42.5"))),
        (" 50 ", Entry(State.GRADED, Decimal(50))),
        ("0", Entry(State.GRADED, Decimal(0))),
        ("85%", Entry(State.GRADED, Decimal("42.50"))),
        ("40 late", Entry(State.LATE, Decimal(40))),
        ("40L", Entry(State.LATE, Decimal(40))),
        ("m", Entry(State.MISSING)),
        ("Excused", Entry(State.EXCUSED)),
        ("I", Entry(State.INCOMPLETE, None, TODAY + timedelta(days=30))),
        ("i 2026-06-01", Entry(State.INCOMPLETE, None, date(2026, 6, 1))),
        ("", Entry(None)),
    ],
)
def test_what_is_typed_is_read(typed: str, entry: Entry) -> None:
    found = read(typed, Decimal(50), TODAY, 30)
    assert found == entry
    again = shown(found.state, found.points, found.complete_by)
    assert read(again, Decimal(50), TODAY, 30) == found


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("-1", "cannot be negative"),
        ("1000000000", "is not a score"),
        ("1e9", "is not a score"),
        ("NaN", "is not a score"),
        ("Infinity", "is not a score"),
        ("٤٢", "is not a score"),
        ("A+", "is not a score"),
        ("50.01", "has 50 points, so 50.01 is too many"),
        ("101%", "at most 100%"),
        ("1,000", "is not a score"),
        ("4.123", "is not a score"),
        ("I 2026-13-01", "is not a date"),
        ("I 2026-05-03", "cannot be in the past"),
        ("I 2029-05-03", "at most a year"),
        ("9" * 500, "too long"),
        ("=1+1", "is not a score"),
    ],
)
def test_what_is_no_score_is_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(typed, Decimal(50), TODAY, 30)


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_the_reader(typed: str) -> None:
    try:
        found = read(typed, Decimal(50), TODAY, 30)
    except ValueError:
        return
    assert found.points is None or 0 <= found.points <= 50
    assert grades_entry.plain(Decimal("50.00")) == "50"
