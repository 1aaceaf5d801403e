"""Rules of externships, with examples and properties."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.externships import (
    Agreement,
    covered_until,
    fault_of_hours,
    most_at_once,
    short_name,
    site_standing,
)

TODAY = date(2026, 5, 6)


def day(number: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=number)


@pytest.mark.parametrize(
    ("agreements", "standing"),
    [
        ([], "unapproved"),
        ([(1, 300, None)], "unapproved"),
        ([(-300, -1, None)], "expired"),
        ([(-300, 0, None)], "expiring"),
        ([(-300, 60, None)], "expiring"),
        ([(-300, 61, None)], "approved"),
        ([(-300, 200, -1)], "expired"),
        ([(-300, 10, None), (-5, 300, None)], "approved"),
    ],
)
def test_a_site_stands_as_its_agreements_do(
    agreements: list[tuple[int, int, int | None]], standing: str
) -> None:
    known = [Agreement(day(a), day(b), None if c is None else day(c)) for a, b, c in agreements]
    assert site_standing(known, TODAY) == standing


def test_agreements_one_after_the_other_cover_without_a_gap() -> None:
    known = [Agreement(day(0), day(10)), Agreement(day(11), day(20)), Agreement(day(22), day(30))]
    assert covered_until(known, day(5)) == day(20)
    assert covered_until(known, day(21)) is None
    assert covered_until([], day(0)) is None


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=12)


@given(spans, st.integers(0, 30), st.integers(0, 20))
def test_the_most_at_once_is_that_of_the_fullest_day(
    found: list[tuple[int, int]], first: int, length: int
) -> None:
    placements = [(day(start), day(start + more)) for start, more in found]
    by_day = [
        sum(start <= day(one) <= end for start, end in placements) for one in range(first, first + length + 1)
    ]
    assert most_at_once(placements, day(first), day(first + length)) == max(by_day)


NINE = datetime(2026, 5, 6, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "hours", "pause", "field"),
    [
        (0, 4, 0, None),
        (0, 4, 239, None),
        (0, 24, 0, None),
        (-31, 4, 0, "day"),
        (31, 4, 0, "day"),
        (0, 0, 0, "ends_at"),
        (0, -1, 0, "ends_at"),
        (0, 25, 0, "ends_at"),
        (0, 4, 240, "break_minutes"),
        (2, 4, 0, "starts_at"),
        (1, 4, 0, "ends_at"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field(
    on: int, hours: int, pause: int, field: str | None
) -> None:
    starts = NINE + timedelta(days=on)
    fault = fault_of_hours(
        starts, starts + timedelta(hours=hours), pause,
        day=day(on), first=day(-30), last=day(30), now=NINE + timedelta(days=1, hours=1),
    )  # fmt: skip
    assert (fault.field if fault else None) == field
    assert fault is None or fault.sentence.endswith((".", "?"))


def test_a_short_name_has_one_initial() -> None:
    assert [short_name(name) for name in ("Ana Alvarez", "Ana María de la Cruz", "Cher")] == [
        "Ana A.", "Ana C.", "Cher",
    ]  # fmt: skip
