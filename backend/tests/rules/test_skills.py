"""When an attempt at a skill passes: worked examples, and what must hold of every rubric."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import skills
from app.rules.skills import Criterion, Level, Standing, State

RUBRIC = skills.parse(
    """
    ! Washes hands and puts on gloves
    Places the receptor parallel to the long axis of the tooth
    Sets exposure time [Wrong 0, With help 1, Alone 2]
    ! Stands behind the barrier during exposure
    """
)
"""Five points in all; two of the steps are critical."""
MISSED = "Critical step missed"
WASHES, STANDS = "Washes hands and puts on gloves", "Stands behind the barrier during exposure"


def test_a_rubric_is_read_as_it_is_written() -> None:
    assert [one.critical for one in RUBRIC] == [True, False, False, True]
    assert RUBRIC[2] == Criterion(
        "Sets exposure time", (Level("Wrong", 0), Level("With help", 1), Level("Alone", 2))
    )
    assert sum(one.possible for one in RUBRIC) == 5
    assert skills.parse(skills.written(RUBRIC)) == RUBRIC


@pytest.mark.parametrize(
    ("marks", "pass_pct", "passed", "sentence"),
    [
        ([1, 1, 2, 1], 100, True, "5 of 5 points (100.0%); 100% needed."),
        ([1, 1, 1, 1], 80, True, "4 of 5 points (80.0%); 80% needed."),
        ([1, 1, 1, 1], 81, False, "4 of 5 points (80.0%); 81% needed."),
        ([1, 0, 0, 1], 80, False, "2 of 5 points (40.0%); 80% needed."),
        # Four of five points would do; one critical step missed does not.
        ([0, 1, 2, 1], 80, False, f"4 of 5 points (80.0%); 80% needed. {MISSED}: {WASHES}."),
        ([0, 0, 0, 0], 1, False, f"0 of 5 points (0.0%); 1% needed. {MISSED}: {WASHES}; {STANDS}."),
    ],
)  # fmt: skip
def test_worked_attempts(marks: list[int], pass_pct: int, passed: bool, sentence: str) -> None:
    found = skills.result_of(RUBRIC, marks, pass_pct)
    assert (found.passed, found.sentence) == (passed, sentence)


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        ([1, 1, 2], "Rate every criterion: 3 of 4 are rated."),
        ([1, 1, 3, 1], "Sets exposure time: 3 is outside the scale (0, 1, 2)."),
        ([2, 1, 2, 1], "Washes hands and puts on gloves: 2 is outside the scale (0, 1)."),
        ([1, -1, 2, 1], "is outside the scale"),
    ],
)
def test_points_outside_the_scale_are_no_attempt(marks: list[int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        skills.result_of(RUBRIC, marks, 80)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least one criterion"),
        ("\n".join(f"Step {number}" for number in range(61)), "at most 60 criteria"),
        ("Washes hands\nwashes HANDS", "twice"),
        ("Sets time [Right 1]", "2 to 6 levels"),
        ("Sets time [Right 2, Wrong 0]", "must rise"),
        ("Sets time [Poor 1, Fair 1]", "must rise"),
        ("Sets time [Poor 0, Fine 101]", "between 0 and 100"),
        ("Sets time [Fine 0, fine 1]", "same name"),
        ("! Sets time [Fair 1, Good 2]", "cannot be missed"),
        ("[Poor 0, Good 1]", "1 to 300 characters"),
        ("x" * 301, "1 to 300 characters"),
    ],
)
def test_a_rubric_that_cannot_be_used(text: str, sentence: str) -> None:
    assert sentence in (skills.fault(skills.parse(text), 80, 1) or "")


@pytest.mark.parametrize("text", ["Sets time [Poor, Good]", "Sets time []", "Sets time [0, 1]"])
def test_levels_that_cannot_be_read_name_their_line(text: str) -> None:
    with pytest.raises(ValueError, match="Line 2: write each level"):
        skills.parse(f"Washes hands\n{text}")


@pytest.mark.parametrize(("pass_pct", "passes"), [(0, 1), (101, 1), (80, 0), (80, 21)])
def test_figures_that_no_skill_has(pass_pct: int, passes: int) -> None:
    assert skills.fault(RUBRIC, pass_pct, passes)


@pytest.mark.parametrize(
    ("attempts", "passes", "required", "state"),
    [
        (0, 0, 1, "open"),
        (1, 0, 1, "attempted"),
        (3, 1, 2, "attempted"),
        (1, 1, 1, "passed"),
        (5, 3, 2, "passed"),
    ],
)
def test_worked_standings(attempts: int, passes: int, required: int, state: str) -> None:
    assert Standing(attempts, passes, required).state == State(state)


WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
SCALES = st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True).map(
    lambda some: [0, *sorted(some)]
)


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    if draw(st.booleans()):
        return Criterion(draw(WORDS), critical=draw(st.booleans()))
    points = draw(SCALES)
    return Criterion(
        draw(WORDS),
        tuple(Level(f"Level {number}", value) for number, value in enumerate(points)),
        draw(st.booleans()),
    )


RUBRICS = st.lists(criteria(), min_size=1, max_size=12, unique_by=lambda one: one.text.casefold())


@st.composite
def attempts(draw: st.DrawFn) -> tuple[list[Criterion], list[int]]:
    rubric = draw(RUBRICS)
    return rubric, [draw(st.sampled_from(one.levels)).points for one in rubric]


@given(RUBRICS)
def test_text_and_rubric_are_the_same(rubric: list[Criterion]) -> None:
    assert skills.fault(rubric, 80, 1) is None
    assert skills.parse(skills.written(rubric)) == rubric


@given(attempts(), st.integers(1, 100), st.data())
def test_what_holds_of_every_attempt(
    attempt: tuple[list[Criterion], list[int]], pass_pct: int, data: st.DataObject
) -> None:
    rubric, marks = attempt
    found = skills.result_of(rubric, marks, pass_pct)
    assert 0 <= found.points <= found.possible
    # The best of everything passes, nothing at all never does.
    assert skills.result_of(rubric, [one.possible for one in rubric], pass_pct).passed
    assert not skills.result_of(rubric, [0] * len(rubric), pass_pct).passed
    # The order of the criteria does not matter.
    order = data.draw(st.permutations(range(len(rubric))))
    turned = skills.result_of([rubric[n] for n in order], [marks[n] for n in order], pass_pct)
    assert (turned.passed, turned.points) == (found.passed, found.points)
    # Doing one thing better never fails an attempt that passed.
    better = data.draw(st.sampled_from(range(len(rubric))))
    raised = [*marks]
    raised[better] = rubric[better].possible
    assert skills.result_of(rubric, raised, pass_pct).passed or not found.passed
    # A critical criterion that is missed fails it, whatever else was done.
    for place, one in enumerate(rubric):
        if one.critical:
            best = [other.possible for other in rubric]
            best[place] = 0
            assert not skills.result_of(rubric, best, pass_pct).passed


@given(st.lists(st.booleans(), max_size=10), st.integers(1, 5), st.booleans())
def test_one_attempt_more_never_takes_a_skill_away(
    outcomes: list[bool], required: int, another: bool
) -> None:
    before = Standing(len(outcomes), sum(outcomes), required)
    after = Standing(len(outcomes) + 1, sum(outcomes) + another, required)
    order = [State.OPEN, State.ATTEMPTED, State.PASSED]
    assert order.index(after.state) >= order.index(before.state)
    assert after.state is not State.OPEN
