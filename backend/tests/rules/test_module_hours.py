"""Minutes by course: cut at the meetings, none lost, none counted twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.rules.hours import TimeEntry, minutes_between
from app.rules.meetings import Meeting
from app.rules.module_hours import CourseMeeting, minutes_by_course

DAY = datetime(2026, 4, 6, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return DAY + timedelta(seconds=seconds)


def meeting(course: str, starts: int, ends: int) -> CourseMeeting:
    return CourseMeeting(course, Meeting(at(starts), at(ends), DAY.date()))


def hours(begin: float, end: float) -> TimeEntry:
    return TimeEntry(at(int(begin * 3600)), at(int(end * 3600)))


def test_worked_examples() -> None:
    morning, noon = meeting("anatomy", 9 * 3600, 12 * 3600), meeting("radiology", 11 * 3600, 13 * 3600)
    # In at 8:30, out at 12:30: half an hour before and after, three hours of anatomy.
    assert minutes_by_course([hours(8.5, 12.5)], [morning]) == {None: 60, "anatomy": 180}
    # Two classes at once: the one that began first has the hour they share.
    assert minutes_by_course([hours(9, 13)], [noon, morning]) == {"anatomy": 180, "radiology": 60}
    assert minutes_by_course([hours(14, 15)], [morning]) == {None: 60}
    assert minutes_by_course([], [morning]) == {}


SECONDS = st.integers(0, 86_400)


@given(
    st.lists(st.tuples(SECONDS, SECONDS).map(sorted), max_size=6),
    st.lists(st.tuples(st.sampled_from("abc"), SECONDS, st.integers(1, 14_400)), max_size=6),
)
def test_no_minute_is_lost_or_counted_twice(
    entries: list[list[int]], meetings: list[tuple[str, int, int]]
) -> None:
    stays = [TimeEntry(at(one[0]), at(one[1])) for one in entries]
    met = [meeting(course, starts, starts + length) for course, starts, length in meetings]
    found = minutes_by_course(stays, met)
    assert sum(found.values()) == sum(minutes_between(one.clock_in, one.clock_out) for one in stays)
    assert all(minutes > 0 for minutes in found.values())
    for course in "abc":
        longest = sum(
            (one.meeting.ends - one.meeting.starts) // timedelta(minutes=1) + 1
            for one in met
            if one.course == course
        )
        assert found.get(course, 0) <= longest * max(1, len(stays))
