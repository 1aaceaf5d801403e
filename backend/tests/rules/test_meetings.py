"""Meetings of a class are where the timetable puts them, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.meetings import Change, Meeting, WeeklyMeeting, days, meetings, overlaps

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [NEW_YORK, ZoneInfo("America/Phoenix"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
MINUTES = st.integers(0, 24 * 60 - 1)


@st.composite
def weekly(draw: st.DrawFn) -> WeeklyMeeting:
    starts, ends = sorted(draw(st.lists(MINUTES, min_size=2, max_size=2, unique=True)))
    return WeeklyMeeting(
        draw(st.integers(0, 6)), time(starts // 60, starts % 60), time(ends // 60, ends % 60)
    )


@given(st.lists(weekly(), max_size=5), DAYS, st.integers(0, 400), st.sampled_from(ZONES))
def test_each_week_has_each_meeting_once_at_its_time_on_the_wall(
    timetable: list[WeeklyMeeting], first: date, length: int, zone: ZoneInfo
) -> None:
    last = first + timedelta(days=length)
    found = meetings(timetable, [], first, last, zone)
    assert found == sorted(found)
    assert len(found) == sum(day.weekday() == one.weekday for day in days(first, last) for one in timetable)
    begins = {(one.weekday, one.starts) for one in timetable}
    for meeting in found:
        assert meeting.starts < meeting.ends
        assert first <= meeting.day <= last
        shown = meeting.starts.astimezone(zone)
        skipped = (shown.date(), shown.time()) != (meeting.day, shown.time()) or (
            meeting.day.weekday(),
            shown.time(),
        ) not in begins
        if skipped:
            # Only an hour that clocks skip is shown otherwise than it is written.
            back = meeting.starts - timedelta(hours=3)
            assert back.astimezone(zone).utcoffset() != meeting.starts.astimezone(zone).utcoffset()


@given(st.lists(weekly(), min_size=1, max_size=3), DAYS, st.data())
def test_a_cancelled_day_and_a_holiday_have_no_meeting(
    timetable: list[WeeklyMeeting], first: date, data: st.DataObject
) -> None:
    last = first + timedelta(days=60)
    everything = meetings(timetable, [], first, last, NEW_YORK)
    off = data.draw(st.sampled_from(sorted({meeting.day for meeting in everything})))
    kept = [meeting for meeting in everything if meeting.day != off]
    assert meetings(timetable, [Change("cancelled", off)], first, last, NEW_YORK) == kept
    assert meetings(timetable, [], first, last, NEW_YORK, closed={off: "Labor Day"}) == kept


MORNING = WeeklyMeeting(0, time(8, 30), time(13, 30))
MONDAY = date(2026, 11, 2)


def test_a_wall_clock_time_is_another_instant_after_the_change_of_clocks() -> None:
    before, after = meetings([MORNING], [], MONDAY - timedelta(days=7), MONDAY, NEW_YORK)
    assert before.starts == datetime(2026, 10, 26, 12, 30, tzinfo=UTC)
    assert after.starts == datetime(2026, 11, 2, 13, 30, tzinfo=UTC)
    assert before.ends - before.starts == after.ends - after.starts == timedelta(hours=5)


@pytest.mark.parametrize(
    ("day", "starts", "ends", "hours"),
    [
        (date(2026, 3, 8), time(0, 30), time(4, 30), 3),  # an hour is skipped
        (date(2026, 11, 1), time(0, 30), time(4, 30), 5),  # an hour comes twice
        (date(2026, 3, 8), time(2, 30), time(3, 0), 0.5),  # begins within the skipped hour
    ],
)
def test_across_the_change_of_clocks_the_minutes_are_those_that_pass(
    day: date, starts: time, ends: time, hours: float
) -> None:
    (found,) = meetings([WeeklyMeeting(6, starts, ends)], [], day, day, NEW_YORK)
    assert found.ends - found.starts == timedelta(hours=hours)


def test_a_moved_meeting_leaves_its_day_and_an_extra_one_joins_even_on_a_holiday() -> None:
    changes = [
        Change("moved", MONDAY, MONDAY + timedelta(days=1), time(9), time(12), "Lab"),
        Change("extra", MONDAY + timedelta(days=5), None, time(10), time(11), reason="Review"),
    ]
    found = meetings(
        [MORNING],
        changes,
        MONDAY,
        MONDAY + timedelta(days=6),
        NEW_YORK,
        room="Room 2",
        closed={MONDAY + timedelta(days=5): "Open house"},
    )
    assert [(one.day.isoformat(), one.room, one.note) for one in found] == [
        ("2026-11-03", "Lab", "Moved from November 2"),
        ("2026-11-07", "Room 2", "Review"),
    ]


def test_two_timetables_overlap_where_both_meet_at_once() -> None:
    def at(hour: int, hours: int = 1) -> Meeting:
        begins = datetime(2026, 5, 4, hour, tzinfo=UTC)
        return Meeting(begins, begins + timedelta(hours=hours), date(2026, 5, 4))

    assert overlaps([at(8), at(10)], [at(9), at(11)]) is None
    assert overlaps([at(8), at(10, 2)], [at(9), at(11)]) == at(10, 2)
    assert overlaps([], [at(9)]) is None
