"""Satisfactory academic progress: the edges of the standard, and what must hold of every review."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.grades_progress import Measured, Standard, State, checkpoint, review

STANDARD = Standard("scheduled_hours", 25, 67, 150, Decimal("2.00"))
FINE = Measured(
    attended_minutes=6_700,
    scheduled_minutes=10_000,
    required_minutes=40_000,
    elapsed_days=90,
    program_days=360,
    gpa=Decimal("2.00"),
)


def test_the_edge_of_the_standard_meets_it() -> None:
    found = review(FINE, STANDARD, None)
    assert (found.state, found.pace_pct) == (State.GOOD, Decimal("67.00"))
    assert found.explanation == (
        "Pace: 111.7 of 166.7 scheduled hours attended, 67.00%, which meets the minimum of 67%. "
        "Time frame: 90 days since enrollment are 25.00% of the program’s length, which is within the maximum of 150%. "
        "GPA: 2.00 meets the minimum of 2.00."
    )


@pytest.mark.parametrize(
    "short", [{"attended_minutes": 6_699}, {"gpa": Decimal("1.99")}, {"attended_minutes": 0, "gpa": None}]
)
def test_short_of_it_is_a_warning_first_and_then_not_met(short: dict[str, object]) -> None:
    measured = replace(FINE, **short)  # type: ignore[arg-type]
    assert [review(measured, STANDARD, before).state for before in (None, *State)] == [
        State.WARNING,
        State.WARNING,
        State.NOT_MET,
        State.NOT_MET,
        State.NOT_MET,
    ]


def test_out_of_time_there_is_no_warning() -> None:
    assert review(replace(FINE, elapsed_days=540), STANDARD, None).state is State.GOOD
    assert review(replace(FINE, elapsed_days=541), STANDARD, None).state is State.NOT_MET


def test_who_meets_it_again_is_good_again() -> None:
    assert review(FINE, STANDARD, State.PROBATION).state is State.GOOD


def test_hours_are_rounded_half_up_as_everything_is() -> None:
    short = replace(FINE, attended_minutes=15, scheduled_minutes=45)
    assert "Pace: 0.3 of 0.8 scheduled hours" in review(short, STANDARD, None).explanation


def test_nothing_scheduled_and_nothing_graded_is_no_fault() -> None:
    nothing = Measured(0, 0, None, 10, None, None)
    assert review(nothing, STANDARD, None).state is State.GOOD
    assert checkpoint(nothing, STANDARD) == 0


@pytest.mark.parametrize(
    ("scheduled", "expected"), [(0, 0), (9_999, 0), (10_000, 25), (29_999, 50), (40_000, 100), (90_000, 100)]
)
def test_checkpoints(scheduled: int, expected: int) -> None:
    assert checkpoint(replace(FINE, scheduled_minutes=scheduled), STANDARD) == expected


def test_checkpoints_by_hours_attended_and_by_weeks() -> None:
    assert checkpoint(FINE, replace(STANDARD, measured_in="attended_hours", every_pct=10)) == 10
    assert checkpoint(FINE, replace(STANDARD, measured_in="weeks")) == 25
    assert (
        checkpoint(replace(FINE, elapsed_days=360), replace(STANDARD, measured_in="weeks", every_pct=30))
        == 100
    )


minutes = st.integers(0, 200_000)


@given(minutes, minutes, st.integers(0, 1000), st.sampled_from([None, *State]), st.integers(0, 5_000))
def test_more_hours_never_make_it_worse(
    attended: int, scheduled: int, elapsed: int, before: State | None, more: int
) -> None:
    order = [State.NOT_MET, State.WARNING, State.GOOD]
    measured = replace(FINE, attended_minutes=attended, scheduled_minutes=scheduled, elapsed_days=elapsed)
    better = replace(measured, attended_minutes=attended + more)
    assert order.index(review(better, STANDARD, before).state) >= order.index(
        review(measured, STANDARD, before).state
    )


@given(minutes, minutes)
def test_checkpoints_come_in_order(first: int, more: int) -> None:
    earlier = checkpoint(replace(FINE, scheduled_minutes=first), STANDARD)
    later = checkpoint(replace(FINE, scheduled_minutes=first + more), STANDARD)
    assert earlier <= later


def test_what_is_a_little_short_does_not_read_like_the_minimum() -> None:
    short = replace(FINE, attended_minutes=669_999, scheduled_minutes=1_000_000)
    assert "just under 67.00%, which is below the minimum of 67%" in review(short, STANDARD, None).explanation
    late = replace(FINE, elapsed_days=150_001, program_days=100_000)
    assert (
        "just over 150.00% of the program’s length, which is over" in review(late, STANDARD, None).explanation
    )


def test_transferred_hours_count_as_attended_and_as_scheduled() -> None:
    short = replace(FINE, attended_minutes=6_600)
    assert review(short, STANDARD, None).state is State.WARNING
    moved = replace(short, transferred_minutes=6_000)
    found = review(moved, STANDARD, None)
    # 12,600 of 16,000 minutes.
    assert (found.state, found.pace_pct) == (State.GOOD, Decimal("78.75"))
    assert found.explanation.startswith(
        "Pace: 110 of 166.7 scheduled hours attended, and 100 transferred hours counted in both, 78.75%, which "
    )
    # 10,000 and 6,000 of 40,000 minutes; without the transfer the first checkpoint is the same, at 25%.
    assert checkpoint(moved, STANDARD) == 25
    assert checkpoint(replace(moved, transferred_minutes=10_000), STANDARD) == 50
    by_hours = replace(STANDARD, measured_in="attended_hours")
    assert (checkpoint(short, by_hours), checkpoint(moved, by_hours)) == (0, 25)
