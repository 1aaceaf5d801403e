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
    room = media.Room()
    for passed, said in reports:
        elapsed += passed
        claimed = media.union(claimed, media.within(said, LENGTH))
        room = room.grown(0, elapsed)
        kept = media.counted(kept, claimed, room.most)
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


MOMENTS = st.integers(0, 3_000)


@given(st.lists(st.tuples(MOMENTS, MOMENTS, SPANS), max_size=12), st.sampled_from([1, media.FASTEST]))
def test_opening_a_lesson_again_gains_nothing_however_its_sessions_interleave(
    said: list[tuple[int, int, list[Span]]], speed: int
) -> None:
    # Each report comes from a session opened at one moment, at another; reports come in the order of their moments.
    room, claimed, kept = media.Room(), [], []  # type: ignore[var-annotated]
    open_in: set[int] = set()
    for opened, reported, spans in sorted((min(a, b), max(a, b), spans) for a, b, spans in said):
        now = max(reported, room.until or 0)
        open_in |= set(range(opened, now))
        claimed = media.union(kept, claimed, media.within(spans, LENGTH))
        room = room.grown(opened, now, speed=speed)
        before, kept = kept, media.counted(kept, claimed, room.most)
        assert media.without(before, kept) == []
        assert media.total(kept) <= len(open_in) * speed + media.AHEAD
        # What was claimed in an earlier session counts as soon as there is room.
        assert media.total(kept) == min(media.total(claimed), max(room.most, media.total(before)))


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
    assert len(media.pages_in(media.counted([], at_once, media.Room().grown(0, 10_000, speed=1).most))) == 12
    assert not media.is_enough([], 0, 1)
