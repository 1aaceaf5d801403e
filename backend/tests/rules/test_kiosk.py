"""Which moments of a kiosk's punches are believed, and which PINs are too easy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.kiosk import Doubt, doubt, is_weak_pin, moment_of

NOON = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
MINUTE = 60_000


@pytest.mark.parametrize(
    ("moment", "offset", "measured", "latest", "expected"),
    [
        (NOON, 0, 0, None, None),
        (NOON + timedelta(minutes=2), 0, 0, None, None),
        (NOON + timedelta(minutes=2, seconds=1), 0, 0, None, Doubt.FUTURE),
        (NOON - timedelta(hours=24), 0, 0, None, None),
        (NOON - timedelta(hours=24, seconds=1), 0, 0, None, Doubt.OLD),
        (NOON, 2 * MINUTE, 0, None, None),
        (NOON, 2 * MINUTE + 1, 0, None, Doubt.CLOCK_CHANGED),
        (NOON, 60 * MINUTE, 60 * MINUTE, None, None),
        (NOON, 0, -3 * MINUTE, None, Doubt.CLOCK_CHANGED),
        (NOON, 0, 0, NOON + timedelta(minutes=2), None),
        (NOON, 0, 0, NOON + timedelta(minutes=2, seconds=1), Doubt.BACKWARD),
    ],
)
def test_what_is_believed(
    moment: datetime, offset: int, measured: int, latest: datetime | None, expected: Doubt | None
) -> None:
    found = doubt(
        moment, NOON, offset_ms=offset, measured_ms=measured, latest=latest, oldest=timedelta(hours=24)
    )
    assert found is expected


@given(made=st.integers(-(10**17), 10**17), offset=st.integers(-(10**17), 10**17))
def test_any_clock_gives_a_moment(made: int, offset: int) -> None:
    assert 1970 <= moment_of(made, offset).year <= 2100


@given(
    skew=st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)),
    kept=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=24)),
)
def test_a_clock_that_is_wrong_by_the_same_all_day_changes_nothing(skew: timedelta, kept: timedelta) -> None:
    made = NOON - kept - skew
    offset = skew // timedelta(milliseconds=1)
    moment = moment_of(int(made.timestamp() * 1000), offset)
    assert abs(moment - (NOON - kept)) < timedelta(milliseconds=3)
    unsure = doubt(
        moment, NOON, offset_ms=offset, measured_ms=offset, latest=None, oldest=timedelta(hours=24, seconds=1)
    )
    assert unsure is None


@pytest.mark.parametrize("pin", ["000000", "123456", "987654", "890123", "121212", "123123"])
def test_easy_pins(pin: str) -> None:
    assert is_weak_pin(pin)


@pytest.mark.parametrize("pin", ["204815", "112358", "135790", "123321"])
def test_other_pins(pin: str) -> None:
    assert not is_weak_pin(pin)
