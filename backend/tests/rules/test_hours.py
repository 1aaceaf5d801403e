"""Clock hours across midnights, weeks and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import hours
from app.rules.hours import TimeEntry

NEW_YORK = ZoneInfo("America/New_York")
# St. John's put its clocks back at 00:01 until 2011, Havana at 01:00, Apia left out 2011-12-30 altogether.
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York",
        "America/St_Johns",
        "America/Havana",
        "Pacific/Apia",
        "Asia/Kolkata",
        "UTC",
    )
]

instants = st.datetimes(datetime(1999, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
lengths = st.timedeltas(timedelta(0), timedelta(hours=60))


@st.composite
def entries(draw: st.DrawFn) -> TimeEntry:
    start = draw(instants)
    return TimeEntry(start, start + draw(lengths))


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=NEW_YORK, fold=fold)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("day", "expected"), [((2026, 3, 8), 180), ((2026, 11, 1), 300), ((2026, 6, 1), 240)]
)
def test_a_clock_change_does_not_change_how_long_the_student_was_there(
    day: tuple[int, int, int], expected: int
) -> None:
    entry = TimeEntry(local(*day, 0, 30), local(*day, 4, 30))
    assert hours.minutes_between(entry.clock_in, entry.clock_out) == expected
    assert hours.minutes_by_day(entry, NEW_YORK) == {date(*day): expected}


def test_the_two_hours_that_look_alike_are_kept_apart() -> None:
    assert hours.minutes_between(local(2026, 11, 1, 1, 30), local(2026, 11, 1, 1, 30, fold=1)) == 60


def test_a_begun_minute_does_not_count() -> None:
    start = local(2026, 5, 4, 8, 0)
    assert hours.minutes_between(start, start + timedelta(seconds=59, microseconds=999_999)) == 0
    assert hours.minutes_between(start, start + timedelta(minutes=1)) == 1


def test_naive_and_reversed_times_are_refused() -> None:
    start = local(2026, 5, 4, 8, 0)
    with pytest.raises(ValueError, match="before"):
        hours.minutes_between(start, start - timedelta(seconds=1))
    with pytest.raises(ValueError, match="zone"):
        hours.minutes_between(start.replace(tzinfo=None), start)


def test_a_time_entry_across_midnight_counts_for_both_days() -> None:
    entry = TimeEntry(local(2026, 5, 4, 23, 30), local(2026, 5, 5, 0, 45))
    assert hours.minutes_by_day(entry, NEW_YORK) == {date(2026, 5, 4): 30, date(2026, 5, 5): 45}


@given(entries(), st.sampled_from(ZONES))
def test_days_add_up_to_the_time_entry(entry: TimeEntry, zone: ZoneInfo) -> None:
    by_day = hours.minutes_by_day(entry, zone)
    assert sum(by_day.values()) == hours.minutes_between(entry.clock_in, entry.clock_out)
    assert all(minutes > 0 for minutes in by_day.values())


@given(entries(), st.sampled_from(ZONES))
def test_every_day_is_one_the_school_saw_during_the_time_entry(entry: TimeEntry, zone: ZoneInfo) -> None:
    first, last = entry.clock_in.astimezone(zone).date(), entry.clock_out.astimezone(zone).date()
    days = hours.minutes_by_day(entry, zone)
    assert all(min(first, last) - timedelta(days=1) <= day <= max(first, last) for day in days)


@given(st.lists(entries(), max_size=8), st.sampled_from(ZONES))
def test_weeks_add_up_to_the_days(several: list[TimeEntry], zone: ZoneInfo) -> None:
    by_day = hours.totals_by_day(several, zone)
    if not by_day:
        return
    weeks = hours.totals_by_week(by_day, min(by_day), max(by_day))
    assert sum(weeks.values()) == sum(by_day.values())
    assert list(weeks) == sorted(weeks)
    assert all(week.isoweekday() == 7 for week in weeks)


def test_a_week_without_hours_stands_in_the_list() -> None:
    by_day = {date(2026, 5, 4): 60, date(2026, 5, 19): 30}
    weeks = hours.totals_by_week(by_day, date(2026, 5, 4), date(2026, 5, 19))
    assert weeks == {date(2026, 5, 3): 60, date(2026, 5, 10): 0, date(2026, 5, 17): 30}


@given(st.datetimes(datetime(1999, 1, 1), datetime(2037, 12, 31)), st.sampled_from(ZONES), st.booleans())  # noqa: DTZ001
def test_a_wall_clock_is_read_back_as_shown(shown: datetime, zone: ZoneInfo, second: bool) -> None:
    reading = hours.read_wall_clock(shown, zone, second=second)
    if reading.instant is not None:
        assert reading.instant.astimezone(zone).replace(tzinfo=None, fold=0) == shown


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    twice = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001
    first, second = (
        hours.read_wall_clock(twice, NEW_YORK),
        hours.read_wall_clock(twice, NEW_YORK, second=True),
    )
    assert first.ambiguous
    assert first.instant == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert second.instant == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert hours.read_wall_clock(datetime(2026, 3, 8, 2, 30), NEW_YORK).instant is None  # noqa: DTZ001


@pytest.mark.parametrize("edge", [datetime.min, datetime.max])  # noqa: DTZ901
def test_the_edges_of_the_calendar_are_no_instants(edge: datetime) -> None:
    for zone in (NEW_YORK, ZoneInfo("Asia/Kolkata")):
        reading = hours.read_wall_clock(edge, zone)
        assert reading.instant is None or not reading.ambiguous


def test_an_open_time_entry_is_forgotten_after_the_longest_time_entry() -> None:
    start = local(2026, 5, 4, 8, 0)
    longest = timedelta(hours=16)
    assert not hours.was_forgotten(start, start + longest, longest)
    assert hours.was_forgotten(start, start + longest + timedelta(seconds=1), longest)


TODAY = date(2026, 6, 1)


def pace(**changes: object) -> hours.Pace:
    given_values: dict[str, object] = {
        "done_minutes": 0,
        "required_hours": 480,
        "by_day": {},
        "enrolled_on": date(2026, 1, 5),
        "today": TODAY,
        "pace_days": 28,
    }
    return hours.project(**{**given_values, **changes})  # type: ignore[arg-type]


def test_the_date_follows_from_the_last_four_weeks() -> None:
    by_day = {
        TODAY - timedelta(days=back): 360
        for back in range(1, 29)
        if (TODAY - timedelta(days=back)).weekday() < 5
    }
    found = pace(done_minutes=460 * 60, by_day=by_day)
    # 20 days of 6 h are 30 h a week; 20 h left take 4.67 days.
    assert found.minutes_per_week == 1800
    assert found.finish_on == TODAY + timedelta(days=5)
    assert "20\u00a0h of 480\u00a0h remain" in found.explanation
    assert "30\u00a0h a week" in found.explanation


def test_today_and_older_weeks_do_not_enter_the_pace() -> None:
    found = pace(done_minutes=600, by_day={TODAY: 600, TODAY - timedelta(days=29): 600})
    assert found.finish_on is None
    assert "No hours in the last 28 days" in found.explanation


def test_no_date_without_need_or_ground() -> None:
    assert pace(required_hours=None).percent is None
    assert pace(done_minutes=480 * 60).percent == 100
    assert "All 480" in pace(done_minutes=480 * 60).explanation
    assert (
        pace(enrolled_on=TODAY - timedelta(days=3), by_day={TODAY - timedelta(days=1): 60}).finish_on is None
    )
    assert pace(enrolled_on=TODAY + timedelta(days=30)).finish_on is None
    assert pace(by_day={TODAY - timedelta(days=1): 1}, required_hours=99_999).finish_on is None


@given(
    done=st.integers(0, 40_000),
    required=st.integers(0, 2_000),
    daily=st.lists(st.integers(0, 960), min_size=28, max_size=28),
    age=st.integers(-30, 400),
)
def test_at_that_pace_the_hours_are_done_on_the_day_and_not_before(
    done: int, required: int, daily: list[int], age: int
) -> None:
    by_day = {TODAY - timedelta(days=back + 1): minutes for back, minutes in enumerate(daily)}
    found = pace(
        done_minutes=done, required_hours=required, by_day=by_day, enrolled_on=TODAY - timedelta(days=age)
    )
    assert found.explanation.endswith(".")
    if found.finish_on is None:
        return
    window = min(28, age)
    recent = sum(daily[:window])
    days = (found.finish_on - TODAY).days
    assert recent * days >= (required * 60 - done) * window
    assert recent * (days - 1) < (required * 60 - done) * window
