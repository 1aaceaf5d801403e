"""The grading scheme and the GPA: the edges of the scale, and an average that is exact."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.grades import CourseGrade, Repeats, average, default_scheme, percent

SCHEME = default_scheme()
DAY = date(2026, 3, 2)
POINTS = [letter.points for letter in SCHEME.letters]
REPEATS: list[Repeats] = ["latest", "best", "all"]


def grade(
    letter: str, course: object = None, weight: str = "1", day: date = DAY, number: int = 1
) -> CourseGrade:
    points = SCHEME.points_of(letter)
    return CourseGrade(course or object(), "A class", letter, points, Decimal(weight), day, number)


grades = st.builds(
    grade,
    st.sampled_from(SCHEME.names),
    st.integers(1, 6),
    st.sampled_from(["0", "0.5", "1", "3", "160"]),
    st.dates(DAY, DAY + timedelta(days=90)),
    st.integers(1, 1_000_000),
)
several = st.lists(grades, max_size=20, unique_by=lambda one: one.number)


@pytest.mark.parametrize(
    ("score", "letter"),
    [("100", "A"), ("90", "A"), ("89.99", "B"), ("80", "B"), ("79.99", "C"), ("70", "C"), ("69.99", "D"), ("0", "F")],
)  # fmt: skip
def test_the_scale(score: str, letter: str) -> None:
    assert SCHEME.letter_for(Decimal(score)).name == letter


@pytest.mark.parametrize("score", ["-0.01", "100.01", "NaN", "Infinity"])
def test_a_percentage_outside_the_scale_is_refused(score: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        SCHEME.letter_for(Decimal(score))


def test_a_letter_outside_the_scheme_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"not in the grading scheme\. Use one of these: A, B, C, D, F, W, I, TR, P"
    ):
        SCHEME.points_of("A++")
    assert SCHEME.points_of("TR") is None


def test_which_letters_pass() -> None:
    assert [name for name in SCHEME.names if SCHEME.passes(name)] == ["A", "B", "C", "TR", "P"]


def test_an_incomplete_becomes_the_default_after_its_day() -> None:
    until = date(2026, 4, 1)
    assert SCHEME.after_deadline("I", until, until) == "I"
    assert SCHEME.after_deadline("I", until, until + timedelta(days=1)) == "F"
    assert SCHEME.after_deadline("B", until, until + timedelta(days=1)) == "B"


def test_averages_are_exact_and_rounded_once() -> None:
    assert average([], "all").value is None
    assert average([grade("A"), grade("B"), grade("B")], "all").value == Decimal("3.33")
    assert average([grade("A"), grade("A"), grade("B")], "all").value == Decimal("3.67")
    assert average([grade("A", weight="7"), grade("B")], "all").value == Decimal("3.88"), "3.875 goes up"
    assert average([grade("W"), grade("I"), grade("TR"), grade("P")], "all").value is None


def test_repeats() -> None:
    first, again = grade("A", 1, number=1), grade("C", 1, day=DAY + timedelta(days=60), number=2)
    assert average([first, again], "latest").value == Decimal("2.00")
    assert average([first, again], "best").value == Decimal("4.00")
    assert average([first, again], "all").value == Decimal("3.00")
    ((left, why),) = average([first, again], "latest").left_out
    assert (left, why) == (first, "A later grade for the same course counts.")


def test_a_withdrawal_does_not_take_the_place_of_a_grade() -> None:
    first, again = grade("B", 1, number=1), grade("W", 1, day=DAY + timedelta(days=60), number=2)
    assert average([first, again], "latest").value == Decimal("3.00")


def test_the_derivation_says_it_in_numbers() -> None:
    found = average([grade("A", weight="160"), grade("B", weight="80")], "all")
    assert found.explanation == "(4 × 160 + 3 × 80) ÷ 240 = 3.67."


@given(several, st.sampled_from(REPEATS))
def test_the_gpa_lies_between_0_and_4(given_grades: list[CourseGrade], repeats: Repeats) -> None:
    found = average(given_grades, repeats).value
    assert found is None or 0 <= found <= 4


@given(several, st.sampled_from(REPEATS), st.randoms())
def test_the_order_does_not_matter(given_grades: list[CourseGrade], repeats: Repeats, random: object) -> None:
    shuffled = list(given_grades)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert average(shuffled, repeats) == average(given_grades, repeats)


@given(several, st.sampled_from(REPEATS), st.sampled_from(["0.5", "1", "160"]))
def test_an_a_in_another_course_never_lowers_it(
    given_grades: list[CourseGrade], repeats: Repeats, weight: str
) -> None:
    before = average(given_grades, repeats).value
    after = average([*given_grades, grade("A", 99, weight, number=0)], repeats).value
    assert after is not None
    assert before is None or after >= before


@given(several, st.sampled_from(REPEATS))
def test_every_grade_is_counted_or_left_out_with_a_reason(
    given_grades: list[CourseGrade], repeats: Repeats
) -> None:
    found = average(given_grades, repeats)
    accounted = [one.number for one in (*found.counted, *(left for left, _ in found.left_out))]
    if found.value is not None:
        assert sorted(accounted) == sorted(one.number for one in given_grades)


@given(st.fractions(0, 1))
def test_a_percentage_is_rounded_half_up(share: object) -> None:
    found = percent(share)  # type: ignore[arg-type]
    assert abs(found - Decimal(share.numerator * 100) / share.denominator) <= Decimal("0.0050001")  # type: ignore[attr-defined]
