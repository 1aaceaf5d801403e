"""What a mark counts, and what of a clocked time lies in meetings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.hours import TimeEntry
from app.rules.roster import Mark, counted, is_tardy, within_meetings

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
END = START + timedelta(hours=4)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("mark", "arrived", "left", "expected"),
    [
        (Mark.PRESENT, None, None, (0, 240)),
        (Mark.LATE, 20, None, (20, 240)),
        (Mark.LEFT_EARLY, None, 100, (0, 100)),
        (Mark.LEFT_EARLY, 20, 100, (20, 100)),
        (Mark.LATE, 240, None, (240, 240)),
        (Mark.ABSENT, None, None, None),
        (Mark.EXCUSED, None, None, None),
        (None, None, None, None),
    ],
)
def test_a_mark_counts_what_it_attests(
    mark: Mark | None, arrived: int | None, left: int | None, expected: tuple[int, int] | None
) -> None:
    moments = [None if one is None else at(one) for one in (arrived, left)]
    found = counted(mark, START, END, *moments)
    assert found == (None if expected is None else TimeEntry(at(expected[0]), at(expected[1])))


minute = st.integers(-300, 900)


@given(minute, minute, st.lists(st.tuples(minute, st.integers(1, 300)), max_size=5))
def test_what_lies_in_meetings_is_never_more_than_was_clocked_and_counts_once(
    first: int, second: int, meetings: list[tuple[int, int]]
) -> None:
    entry = TimeEntry(at(min(first, second)), at(max(first, second)))
    parts = within_meetings(entry, [(at(begins), at(begins + long)) for begins, long in meetings])
    clocked = set(range(min(first, second), max(first, second)))
    scheduled = {one for begins, long in meetings for one in range(begins, begins + long)}
    found = [
        one
        for part in parts
        for one in range(
            (part.clock_in - START) // timedelta(minutes=1), (part.clock_out - START) // timedelta(minutes=1)
        )
    ]
    assert sorted(found) == sorted(clocked & scheduled)
    assert parts == sorted(parts, key=lambda one: one.clock_in)


def test_tardy_is_later_than_the_policy_allows() -> None:
    assert [is_tardy(at(minutes), START, 5) for minutes in (-10, 0, 5, 6)] == [False, False, False, True]
