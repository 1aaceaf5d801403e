"""Progress: what must hold for any program and any set of completed lessons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.progress import progress, progress_of_counts

lessons = st.frozensets(st.integers(1, 400), max_size=120)


@given(lessons, lessons)
def test_is_a_whole_percent_between_0_and_100(required: frozenset[int], completed: frozenset[int]) -> None:
    result = progress(required, completed)
    assert isinstance(result.percent, int)
    assert 0 <= result.percent <= 100


@given(lessons, lessons)
def test_is_100_exactly_when_every_required_lesson_is_complete(
    required: frozenset[int], completed: frozenset[int]
) -> None:
    result = progress(required, completed)
    assert (result.percent == 100) == (bool(required) and required <= completed)
    assert result.is_complete == (result.percent == 100)


@given(lessons, lessons)
def test_never_claims_more_than_was_done(required: frozenset[int], completed: frozenset[int]) -> None:
    result = progress(required, completed)
    done = len(required & completed)
    assert result.percent * len(required) <= done * 100
    if required:
        assert (result.percent + 1) * len(required) > done * 100, "rounded down by less than one percent"


@given(lessons, lessons, st.integers(1, 400))
def test_never_falls_when_another_lesson_is_completed(
    required: frozenset[int], completed: frozenset[int], another: int
) -> None:
    assert progress(required, completed | {another}).percent >= progress(required, completed).percent


@given(lessons, lessons)
def test_lessons_of_other_programs_do_not_count(required: frozenset[int], elsewhere: frozenset[int]) -> None:
    assert progress(required, elsewhere - required).completed == 0


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_counts_and_sets_agree(completed: int, extra: int) -> None:
    result = progress_of_counts(completed, completed + extra)
    assert result == progress(set(range(completed + extra)), set(range(completed)))


def test_a_program_without_lessons_is_0_percent() -> None:
    result = progress(set(), {1, 2})
    assert result.percent == 0
    assert result.explanation == "The program has no lessons yet, so progress is 0%."


def test_explains_itself() -> None:
    assert progress({1, 2, 3}, {2, 3}).explanation == (
        "2 of 3 lessons completed: 2 × 100 ÷ 3, rounded down, is 66%."
    )


@pytest.mark.parametrize(("completed", "required"), [(-1, 3), (4, 3), (0, -1)])
def test_refuses_counts_that_cannot_be(completed: int, required: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        progress_of_counts(completed, required)
