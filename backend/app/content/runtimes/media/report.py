"""What the player of a film or document reports, read strictly: the player is ours, so what is odd is forged."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.content.runtimes.protocol import Report
from app.core.errors import Invalid
from app.db.models import ScormData
from app.rules import media
from app.rules.media import Span

_MOST_EVENTS = 100
_SPEEDS = (0.25, float(media.FASTEST))
EVENTS = ("initialized", "played", "paused", "seeked", "terminated")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the student did with the player. `place` and `came_from` in milliseconds of the film."""

    number: int
    name: str
    at: datetime
    place: int
    came_from: int


@dataclass(frozen=True, slots=True)
class MediaReport(Report):
    """All that was played or read since the launch, and what the student did since the last report."""

    spans: tuple[Span, ...]
    pages: tuple[int, ...]
    place: int
    """Milliseconds of the film, or the number of the page, where the student is."""
    speed: float
    events: tuple[Event, ...]

    def spans_within(self, length: int, *, is_document: bool) -> list[Span]:
        """What is claimed, as pieces of something of that length. Raises Invalid for pages that there are not.

        Of a film, what lies outside is left out: browsers round its end differently, and one piece must not keep
        everything else from being saved.
        """
        claimed = [media.page_span(page) for page in self.pages] if is_document else list(self.spans)
        if is_document and any(span.end > length for span in claimed):
            raise Invalid("The report names a page that the lesson does not have. Reload the lesson.")
        return media.within(claimed, length)

    def counted_in(self, attempt: ScormData) -> list[Span]:
        return seen_in(attempt.cmi.get("seen"))


def length_of(item: Item) -> int:
    """How long a film is in milliseconds, or a document by its pages."""
    pages = item.details.get("pages")
    return int(item.details.get("milliseconds") or 0) if pages is None else int(pages) * media.PAGE


def seen_in(kept: Iterable[Iterable[int]] | None) -> list[Span]:
    """Pieces from where they were kept as JSON."""
    return [Span(*piece) for piece in kept or ()]


def read(data: dict[str, Any]) -> MediaReport:
    """The report. Raises Invalid with a sentence for what no player sends."""
    spans = _list(data.get("seen"), media.MOST_SPANS, "pieces")
    pages = _list(data.get("pages"), media.MOST_SPANS, "pages")
    events = _list(data.get("events"), _MOST_EVENTS, "events")
    place, speed = _number(data.get("place", 0)), _number(data.get("speed", 1))
    if not _SPEEDS[0] <= speed <= _SPEEDS[1]:
        raise _odd("a speed that the player does not have")
    return MediaReport(
        data={name: data.get(name) for name in ("seen", "pages", "place", "speed", "seconds")},
        session_seconds=Decimal(_number(data.get("seconds", 0))),
        suspended=True,
        spans=tuple(_span(one) for one in spans),
        pages=tuple(_whole(one) for one in pages),
        place=round(place),
        speed=speed,
        events=tuple(_event(one) for one in events),
    )


def _span(value: object) -> Span:
    if not isinstance(value, list) or len(value) != 2:
        raise _odd("a piece that has no beginning and end")
    start, end = (round(_number(one)) for one in value)
    if end < start:
        raise _odd("a piece that ends before it begins")
    return Span(start, end)


def _event(value: object) -> Event:
    if not isinstance(value, dict) or value.get("name") not in EVENTS:
        raise _odd("an event that is none")
    try:
        at = datetime.fromtimestamp(_number(value.get("at")) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _odd("a time that is none") from error
    return Event(
        _whole(value.get("n")),
        value["name"],
        at,
        round(_number(value.get("place", 0))),
        round(_number(value.get("from", 0))),
    )


def _list(value: object, at_most: int, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > at_most:
        raise _odd(f"more than {at_most:,} {what}, or none at all")
    return value


def _whole(value: object) -> int:
    number = _number(value)
    if number != int(number) or number < 1:
        raise _odd("a number that is not a whole one")
    return int(number)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _odd("something else where a number belongs")
    # Not math.isfinite(value): an integer of JSON may be too large for it.
    if not -1 <= value <= 10**14 or math.isnan(value):
        raise _odd("a number that is out of range")
    return value


def _odd(what: str) -> Invalid:
    return Invalid(f"The player sent {what}. Reload the lesson; what was saved is kept.")
