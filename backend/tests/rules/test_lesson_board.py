"""Where students stand in lessons of every kind, and who is stuck."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import scorm12
from app.rules.lesson_board import IDLE, Part, State, Work, figures, why_stuck

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def part(status: str = "incomplete", *, failed: int = 0, seconds: int = 60, days: float = 0) -> Part:
    return Part(status, failed, seconds, NOW - timedelta(days=days))


works = st.builds(
    Work,
    st.none() | st.just(NOW),
    st.none() | st.integers(0, 100).map(Decimal),
    st.lists(
        st.builds(
            part,
            st.sampled_from(scorm12.STATUSES),
            failed=st.integers(0, 4),
            seconds=st.integers(0, 9_000),
            days=st.integers(0, 20),
        ),
        max_size=3,
    ).map(tuple),
    st.booleans(),
    st.booleans(),
    st.none() | st.just(NOW),
)


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (Work(), State.NOT_BEGUN),
        (Work(parts=(part("not attempted", seconds=0),)), State.NOT_BEGUN),
        (Work(parts=(part("not attempted", seconds=9),)), State.UNDER_WAY),
        (Work(parts=(part("passed"), part("incomplete"))), State.UNDER_WAY),
        (Work(parts=(part("passed"), part("failed"))), State.NOT_PASSED),
        (Work(parts=(part("passed"),), to_check=True), State.TO_CHECK),
        (Work(completed_at=NOW, parts=(part("passed"),), to_check=True), State.DONE),
        (Work(waits=True, handed_in_at=NOW), State.HANDED_IN),
        (Work(returned=True, handed_in_at=NOW), State.NOT_PASSED),
        (Work(completed_at=NOW, parts=(part("failed"),)), State.DONE),
        (Work(completed_at=NOW), State.DONE),
    ],
)
def test_states(work: Work, state: State) -> None:
    assert work.state is state


def test_why_somebody_is_stuck() -> None:
    assert why_stuck(Work(parts=(part("failed", failed=2),)), None, NOW) == ["Failed 2 times."]
    assert why_stuck(Work(parts=(part("failed", failed=1), part("failed", failed=1))), None, NOW) == []
    long = Work(parts=(part(seconds=5_400),))
    assert why_stuck(long, 1_200, NOW) == ["1 h 30 min in the lesson so far; 20 min is usual."]
    assert why_stuck(long, 1_800, NOW) == []
    assert why_stuck(Work(parts=(part(seconds=1_700),)), 60, NOW) == [], "half an hour is never long"
    assert why_stuck(Work(parts=(part(days=7),)), None, NOW) == ["Nothing for 7 days."]
    assert why_stuck(Work(parts=(part(days=6.9),)), None, NOW) == []


@given(works, st.none() | st.integers(0, 9_000))
def test_nobody_is_stuck_who_is_done_has_not_begun_or_waits_for_the_school(
    work: Work, expected: int | None
) -> None:
    if work.state in (State.DONE, State.NOT_BEGUN, State.HANDED_IN):
        assert why_stuck(work, expected, NOW) == []
    elif work.last is not None and NOW - work.last >= IDLE:
        assert why_stuck(work, expected, NOW)


@given(st.lists(works, max_size=8))
def test_figures_count_every_student_once(some: list[Work]) -> None:
    found = figures(some)
    assert found.students == len(some)
    assert 0 <= found.done <= found.begun <= found.students
    assert found.begun == sum(work.state is not State.NOT_BEGUN for work in some)
