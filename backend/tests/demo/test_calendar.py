"""Georgia's holidays and the school's breaks."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.demo.calendar import holidays, is_school_day, school_days

YEARS = st.integers(1990, 2100)


def test_the_holidays_of_2026() -> None:
    assert holidays(2026) == {
        date(2026, 1, 1): "New Year's Day",
        date(2026, 1, 19): "Martin Luther King, Jr. Day",
        date(2026, 5, 25): "Memorial Day",
        date(2026, 6, 19): "Juneteenth",
        date(2026, 7, 3): "Independence Day",  # the 4th is a Saturday
        date(2026, 9, 7): "Labor Day",
        date(2026, 10, 12): "Columbus Day",
        date(2026, 11, 11): "Veterans Day",
        date(2026, 11, 26): "Thanksgiving Day",
        date(2026, 11, 27): "State Holiday",
        date(2026, 12, 25): "Christmas Day",
    }


def test_a_new_year_on_a_saturday_is_kept_in_the_old_year() -> None:
    assert holidays(2021)[date(2021, 12, 31)] == "New Year's Day"
    assert date(2022, 1, 1) not in holidays(2022)


@given(YEARS)
def test_holidays_are_weekdays_of_their_year(year: int) -> None:
    days = holidays(year)
    assert 10 <= len(days) <= 12
    assert all(day.year == year and day.weekday() < 5 for day in days)
    assert not any(is_school_day(day) for day in days)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-5, 400))
def test_school_days_are_those_weekdays_on_which_the_school_is_open(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    days = list(school_days(first, last))
    assert days == [
        day
        for day in (first + timedelta(days=offset) for offset in range(max(0, length + 1)))
        if is_school_day(day)
    ]
    assert all(day.weekday() < 5 for day in days)
