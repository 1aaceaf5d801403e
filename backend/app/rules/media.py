"""What counts as having watched a film, heard a recording or read a document.

The school's own rules; no standard has any. A player in the student's browser says what was played, so everything here
can be forged up to one bound, which the server's clock sets: nobody has played more of a film than time has passed at
the highest speed, and nobody has read two pages in the same second. It counts for progress, never alone for a
credential.

Lengths are whole milliseconds. A document is a film whose pages last one second each: page 3 is `Span(2000, 3000)`.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

DEFAULT_PERCENT = 90
"""How much of a film or recording completes its lesson unless an instructor sets another share."""
DEFAULT_PAGES_PERCENT = 100
"""How many of a document's pages complete its lesson unless an instructor sets another share."""
FASTEST = 2
"""The highest speed that the player has; more of a film cannot be played in a time."""
PAGE = 1_000
"""What a page lasts; no more pages are read in a time."""
AHEAD = 2_000
"""What a player may be ahead of the server's clock, and a file longer than it says, in milliseconds."""
MOST_SPANS = 2_000
"""Pieces that are kept of an attempt; who jumps more often than that is not watching."""


class Span(NamedTuple):
    """A piece that was played, from `start` up to `end`, in milliseconds of the film."""

    start: int
    end: int


def union(*pieces: Iterable[Span]) -> list[Span]:
    """The pieces put together, in order, each moment once; empty ones are nothing."""
    merged: list[Span] = []
    for start, end in sorted(Span(*one) for several in pieces for one in several):
        if end <= start:
            continue
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Span(start, end))
    return merged


def within(pieces: Iterable[Span], length: int) -> list[Span]:
    """What of the pieces lies within a film of `length`."""
    return union(Span(max(0, start), min(end, length)) for start, end in pieces)


def total(pieces: Iterable[Span]) -> int:
    """How long the pieces are together; they do not overlap."""
    return sum(end - start for start, end in pieces)


class Room(NamedTuple):
    """How much of a lesson can have been played by the server's clock, in all sessions of an attempt together."""

    most: int = AHEAD
    """Milliseconds of the film. What a player may be ahead is granted once, not once for every session."""
    until: int | None = None
    """The moment up to which time was counted, in milliseconds; None before the first report."""

    def grown(self, opened: int, now: int, *, speed: int = FASTEST) -> "Room":
        """After a report at `now` from a session opened at `opened`: no moment is counted twice, however many sessions
        were open in it, and none in which none was."""
        begun = opened if self.until is None else max(opened, self.until)
        until = now if self.until is None else max(now, self.until)
        return Room(self.most + max(0, now - begun) * speed, until)


def counted(kept: Sequence[Span], claimed: Sequence[Span], at_most: int) -> list[Span]:
    """What counts of all that was claimed: `kept`, and of the rest as much as there is room for.

    Nothing that counted is taken back. What finds no room today counts when time has passed. For claims that fit, which
    are all that a player makes, the answer is the claims, however they were batched, ordered and repeated.
    """
    free = at_most - total(kept)
    added: list[Span] = []
    for piece in without(claimed, kept):
        if free <= 0:
            break
        taken = Span(piece.start, min(piece.end, piece.start + free))
        added.append(taken)
        free -= taken.end - taken.start
    return union(kept, added)


def without(pieces: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What of the pieces is in none of `taken`; both are unions."""
    left: list[Span] = []
    at = 0
    for start, end in pieces:
        while at < len(taken) and taken[at].end <= start:
            at += 1
        here, next_at = start, at
        while next_at < len(taken) and taken[next_at].start < end:
            if taken[next_at].start > here:
                left.append(Span(here, taken[next_at].start))
            here = max(here, taken[next_at].end)
            next_at += 1
        if here < end:
            left.append(Span(here, end))
    return left


def percent(pieces: Iterable[Span], length: int) -> Fraction:
    """The share of a film that the pieces cover, exactly; 0 of one without a length."""
    return Fraction(total(pieces) * 100, length) if length > 0 else Fraction(0)


def is_enough(pieces: Iterable[Span], length: int, required_percent: int) -> bool:
    """Whether a lesson is complete. Half a second of a film may be missing: players stop a little before the end."""
    missing = min(500, length // 20)
    needed = Fraction(length * required_percent, 100)
    return length > 0 and total(pieces) >= min(needed, Fraction(length - missing))


def page_span(page: int) -> Span:
    """A page, from 1, as a piece of its document."""
    return Span((page - 1) * PAGE, page * PAGE)


def pages_in(pieces: Iterable[Span]) -> list[int]:
    """The pages that the pieces are."""
    return [at // PAGE + 1 for start, end in pieces for at in range(start, end, PAGE)]
