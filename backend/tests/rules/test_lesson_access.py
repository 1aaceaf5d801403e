"""When students may open a lesson."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.rules.lesson_access import Access, why_closed

TODAY = date(2026, 11, 26)
days = st.none() | st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))


@given(days, st.none() | st.just("Hand washing"), st.booleans(), st.booleans())
def test_a_lesson_is_closed_before_its_day_and_before_another_unless_it_is_done(
    opens_on: date | None, first: str | None, first_done: bool, done: bool
) -> None:
    closed = why_closed(Access(opens_on, first, first_done, done), TODAY)
    early = opens_on is not None and opens_on > TODAY
    waits = first is not None and not first_done
    assert (closed is not None) == (not done and (early or waits))


def test_sentences() -> None:
    assert why_closed(Access(opens_on=date(2026, 12, 1)), TODAY) == "It opens on December 1, 2026."
    assert why_closed(Access(first="Hand washing"), TODAY) == "Complete “Hand washing” first."
