from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import formats

NEW_YORK = ZoneInfo("America/New_York")
MOMENTS = st.integers(631_152_000, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.integers(min_value=0, max_value=10_000_000))
def test_a_duration_reads_back_to_the_same_minutes(minutes: int) -> None:
    words = formats.duration_minutes(minutes).replace(",", "").split()
    units = dict(zip(words[1::2], map(int, words[::2]), strict=True))
    assert units.get("h", 0) * 60 + units.get("min", 0) == minutes
    assert units.get("min", 0) < 60


@given(st.integers(min_value=1, max_value=10_000_000))
def test_a_negative_duration_is_the_positive_one_behind_a_minus_sign(minutes: int) -> None:
    assert formats.duration_minutes(-minutes) == "−" + formats.duration_minutes(minutes)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0\u00a0min"),
        (59, "59\u00a0min"),
        (60, "1\u00a0h"),
        (460, "7\u00a0h\u00a040\u00a0min"),
        (61_200, "1,020\u00a0h"),
    ],
)
def test_durations_read_as_the_design_says(minutes: int, text: str) -> None:
    assert formats.duration_minutes(minutes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45\u00a0s"),
        (200, "3\u00a0min\u00a020\u00a0s"),
        (180, "3\u00a0min"),
        (3900, "1\u00a0h\u00a05\u00a0min"),
    ],
)
def test_seconds_show_only_while_they_matter(seconds: int, text: str) -> None:
    assert formats.duration_seconds(seconds) == text


@given(st.decimals(min_value=0, max_value=Decimal("99.9999"), places=4))
def test_nothing_below_a_hundred_percent_reads_as_a_hundred(value: Decimal) -> None:
    shown = Decimal(formats.percent(value).removesuffix("%"))
    assert shown <= value < shown + Decimal("0.1")


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("45.50"), "45.5%"), (100, "100%"), (Decimal("-0.04"), "0%"), (-3, "−3%"), (0, "0%")],
)
def test_percent_drops_a_useless_zero(value: Decimal | int, text: str) -> None:
    assert formats.percent(value) == text


def test_the_zone_name_tells_the_repeated_hour_apart() -> None:
    # Clocks in New York went back at 06:00 UTC on November 1, 2026.
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert formats.local_time(first, NEW_YORK) == "Nov 1, 2026, 1:30 AM EDT"
    assert formats.local_time(first + timedelta(hours=1), NEW_YORK) == "Nov 1, 2026, 1:30 AM EST"


@pytest.mark.parametrize(
    ("hour", "text"), [(5, "12:00 AM"), (16, "11:00 AM"), (17, "12:00 PM"), (18, "1:00 PM")]
)
def test_midnight_and_noon_are_twelve(hour: int, text: str) -> None:
    assert formats.clock_time(datetime(2026, 1, 15, hour, tzinfo=UTC), NEW_YORK) == text


def test_a_deadline_at_midnight_is_the_end_of_a_day() -> None:
    midnight = datetime(2026, 12, 11, 5, tzinfo=UTC)
    assert formats.deadline(midnight, NEW_YORK) == "the end of Dec 10, 2026"
    assert formats.deadline(midnight + timedelta(hours=10), NEW_YORK) == "Dec 11, 2026, 10:00 AM EST"
    assert formats.deadline(None, NEW_YORK) == formats.NOTHING


def test_the_day_of_a_moment_is_the_schools_day() -> None:
    assert formats.day(datetime(2026, 1, 1, 3, tzinfo=UTC), NEW_YORK) == "Dec 31, 2025"
    assert formats.day(date(2026, 1, 1), NEW_YORK) == "Jan 1, 2026"


@given(MOMENTS, st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=4000)))
def test_past_and_future_of_the_same_distance_say_the_same(now: datetime, distance: timedelta) -> None:
    past = formats.relative(now - distance, now)
    assert past.endswith(" ago")
    assert formats.relative(now + distance, now) == "in " + past.removesuffix(" ago")


def test_less_than_a_minute_is_now_in_both_directions() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert {formats.relative(now + timedelta(seconds=s), now) for s in (-59, 0, 59)} == {"just now"}
    assert formats.relative(now - timedelta(hours=1), now) == "1 hour ago"


def test_elapsed_counts_past_a_day_and_never_backwards() -> None:
    now = datetime(2026, 5, 2, 3, 5, 9, tzinfo=UTC)
    assert formats.elapsed(datetime(2026, 5, 1, tzinfo=UTC), now) == "27:05:09"
    assert formats.elapsed(now + timedelta(seconds=5), now) == "0:00:00"


def test_nothing_reads_as_a_dash() -> None:
    none = [
        formats.day(None, NEW_YORK),
        formats.local_time(None, NEW_YORK),
        formats.clock_time(None, NEW_YORK),
        formats.duration_minutes(None),
        formats.duration_seconds(None),
        formats.dollars(None),
        formats.percent(None),
        formats.relative(None, datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    assert set(none) == {"–"}


@pytest.mark.parametrize(
    ("name", "greeted"),
    [("Maria Lopez", "Maria"), ("Dr. Samuel Okoro", "Dr. Okoro"), ("Cher", "Cher"), ("Dr.", "Dr.")],
)
def test_a_greeting_does_not_take_a_title_for_a_name(name: str, greeted: str) -> None:
    assert formats.greeting_name(name) == greeted


def test_zones_and_months_read_as_people_say_them() -> None:
    assert formats.zone_name("America/New_York") == "Eastern Time"
    assert formats.zone_name("America/Indiana/Knox") == "America/Indiana/Knox time"
    assert formats.month("2026-11") == "Nov 2026"
