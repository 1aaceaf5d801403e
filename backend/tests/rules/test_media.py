"""What counts as watched: never more than the clock and the film allow, and the same however it was reported."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.rules import media
from app.rules.media import Span

LENGTH = 6_000
SPANS = st.lists(
    st.tuples(st.integers(-500, 9_000), st.integers(-500, 9_000)).map(lambda pair: Span(*pair)),
    max_size=12,
)
REPORTS = st.lists(st.tuples(st.integers(0, 1_500), SPANS), max_size=8)
"""Milliseconds since the report before, and everything that is claimed with it."""


def moments(pieces: list[Span]) -> set[int]:
    """The pieces in steps of a thousandth of the film, as a second way to count."""
    return {at for start, end in pieces for at in range(max(0, start), min(end, LENGTH))}


def session(reports: list[tuple[int, list[Span]]]) -> list[tuple[int, list[Span]]]:
    """What counts after each report, with the moment, as the server keeps it."""
    elapsed, claimed, kept, after = 0, [], [], []  # type: ignore[var-annotated]
    for passed, said in reports:
        elapsed += passed
        claimed = media.union(claimed, media.within(said, LENGTH))
        kept = media.counted(kept, claimed, media.room(elapsed))
        after.append((elapsed, kept))
    return after


@given(SPANS, SPANS)
def test_putting_pieces_together_counts_each_moment_once(one: list[Span], other: list[Span]) -> None:
    both = media.within(media.union(one, other), LENGTH)
    assert moments(both) == moments(one) | moments(other)
    assert media.total(both) == len(moments(both))
    assert all(a.end < b.start for a, b in pairwise(both))
    rest = media.without(media.within(one, LENGTH), media.within(other, LENGTH))
    assert moments(rest) == moments(one) - moments(other)


@given(REPORTS)
def test_nothing_counts_beyond_the_clock_or_the_film_and_nothing_is_taken_back(
    reports: list[tuple[int, list[Span]]],
) -> None:
    before: set[int] = set()
    claimed: set[int] = set()
    for (elapsed, kept), (_passed, said) in zip(session(reports), reports, strict=True):
        claimed |= moments(said)
        now = moments(kept)
        assert before <= now <= claimed
        assert media.total(kept) <= min(LENGTH, media.FASTEST * elapsed + media.AHEAD)
        # As much as the clock allows, not less.
        assert media.total(kept) >= min(len(claimed), media.FASTEST * elapsed + media.AHEAD)
        before = now


@given(st.permutations(range(6)), st.lists(st.integers(1, 900), min_size=6, max_size=6), st.data())
def test_what_a_player_reports_counts_however_it_arrives(
    order: list[int], played: list[int], data: st.DataObject
) -> None:
    # A student who plays six pieces one after the other, at up to double speed, jumping between them.
    spans, time, reports = [], 0, []
    for length in played:
        start = data.draw(st.integers(0, LENGTH - length))
        spans.append(Span(start, start + length))
        time += -(-length // media.FASTEST)
        reports.append((time, list(spans)))
    expected = media.union(spans)
    in_order = session(
        [
            (reports[0][0], reports[0][1]),
            *((t - s, r) for (s, _), (t, r) in pairwise(reports)),
        ]
    )
    assert in_order[-1][1] == expected
    # Late, doubled, each piece alone: by then the time has passed.
    alone = [(time if n == 0 else 0, [spans[at]]) for n, at in enumerate([*order, *order])]
    assert session(alone)[-1][1] == expected
    assert session([(time, spans)])[-1][1] == expected


@given(SPANS, st.integers(1, 100))
def test_a_lesson_is_complete_by_the_share_that_was_set(pieces: list[Span], percent: int) -> None:
    seen = media.within(pieces, LENGTH)
    enough = media.is_enough(seen, LENGTH, percent)
    assert enough or media.percent(seen, LENGTH) < percent
    if enough:
        assert media.percent(seen, LENGTH) >= percent or LENGTH - media.total(seen) <= 300


def test_pages_are_read_one_by_one_and_at_most_one_in_a_second() -> None:
    pages = [media.page_span(page) for page in (3, 1, 2, 9)]
    assert media.pages_in(media.union(pages)) == [1, 2, 3, 9]
    assert media.percent(media.union(pages), 10 * media.PAGE) == Fraction(40)
    assert not media.is_enough(media.union(pages), 5 * media.PAGE, 100)
    at_once = media.union(media.page_span(page) for page in range(1, 101))
    assert len(media.pages_in(media.counted([], at_once, media.room(10_000, speed=1)))) == 12
    assert not media.is_enough([], 0, 1)
