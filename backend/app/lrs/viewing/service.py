"""Statements for people: a page of them, one, a chart, and everything as a file."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Subject
from app.lrs import jsonio, vocabulary
from app.lrs.statements.filters import key_of
from app.lrs.viewing import queries
from app.lrs.viewing.words import Told, told

PAGE = 50
_AT_ONCE = 1000
CHART_DAYS = 30
CSV_HEADER = (
    "stored", "timestamp", "statement_id", "actor", "verb", "object", "result", "voided", "json",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the viewer looks for. `q` is part of a person's name, address or identifier."""

    q: str = ""
    user_id: int | None = None
    verb: str = ""
    activity: str = ""
    since: datetime | None = None
    until: datetime | None = None


def may_view(subject: Subject) -> None:
    """Raise Forbidden unless the subject may see everybody's statements."""
    if not subject.is_staff:
        raise Forbidden("This page is for the school's staff.")


def page(
    session: Session, subject: Subject, wanted: Wanted, before: int | None = None
) -> tuple[list[Told], int | None]:
    """The newest matching statements below the key `before`, and the key to go on from."""
    may_view(subject)
    rows = _rows(session, wanted, before=before, after=None, limit=PAGE + 1, ascending=False)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return [told(row) for row in rows[:PAGE]], more


def stream_of(session: Session, user_id: int, limit: int = 20) -> list[Told]:
    """The newest statements about one account, for the pages of other rooms."""
    rows = _rows(session, Wanted(user_id=user_id), before=None, after=None, limit=limit, ascending=False)
    return [told(row) for row in rows if not row.is_voided]


def one(session: Session, subject: Subject, statement_id: UUID) -> Told:
    """One statement, voided or not. Raises NotFound."""
    may_view(subject)
    row = session.execute(queries.ONE, {"statement_id": statement_id}).one_or_none()
    if row is None:
        raise NotFound("There is no statement with this id.")
    return told(row)


def verbs(session: Session) -> list[tuple[str, str]]:
    """Every verb there is, as (IRI, words), by its words."""
    found = session.scalars(queries.VERBS).all()
    return sorted(((iri, vocabulary.in_words(iri)) for iri in found), key=lambda pair: pair[1])


@dataclass(frozen=True, slots=True)
class Chart:
    """Statements a day by verb: `series` are (words, counts in the order of `days`)."""

    days: list[str]
    series: list[dict[str, Any]]


def chart(session: Session, zone: ZoneInfo) -> Chart:
    """The last 30 days, the six most frequent verbs by name and the rest together."""
    today = clock.today(zone)
    days = [today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
    after = key_of(datetime.combine(days[0], time.min, zone))
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for day, verb, count in session.execute(queries.VERBS_BY_DAY, {"after": after, "zone": zone.key}):
        counts[vocabulary.in_words(verb)][day.isoformat()] += count
    often = sorted(counts, key=lambda words: -sum(counts[words].values()))
    labels = [day.isoformat() for day in days]
    series = [{"name": words, "values": [counts[words][day] for day in labels]} for words in often[:6]]
    if often[6:]:
        rest = [sum(counts[words][day] for words in often[6:]) for day in labels]
        series.append({"name": "others", "values": rest})
    return Chart(labels, series)


def _rows(
    session: Session, wanted: Wanted, *, before: int | None, after: int | None, limit: int, ascending: bool
) -> list[Any]:
    low = key_of(wanted.since) - 1 if wanted.since else None
    high = key_of(wanted.until) if wanted.until else None
    parameters = {
        "before": min((key for key in (before, high) if key is not None), default=None),
        "after": max((key for key in (after, low) if key is not None), default=None),
        "verb": wanted.verb or None,
        "activity": wanted.activity or None,
        "limit": limit,
        "actors": _actors(session, wanted),
    }
    sql = queries.page(
        by_person=parameters["actors"] is not None, by_activity=bool(wanted.activity), ascending=ascending
    )
    used = {name: value for name, value in parameters.items() if f":{name}" in sql}
    return list(session.execute(text(sql), used))


def _actors(session: Session, wanted: Wanted) -> list[int] | None:
    if wanted.user_id is not None:
        return list(session.scalars(queries.ACTORS_OF_USER, {"user_id": wanted.user_id}))
    if wanted.q:
        escaped = wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return list(session.scalars(queries.PEOPLE, {"pattern": f"%{escaped}%"}))
    return None


# Files


Begin = Callable[[], AbstractContextManager[Session]]


def everything(begin: Begin, wanted: Wanted) -> Iterator[list[Any]]:
    """All matching statements, oldest first, a thousand at a time; each time in a short transaction of its own.

    A reader as slow as she likes holds neither a snapshot nor memory.
    """
    after: int | None = None
    while True:
        with begin() as session:
            rows = _rows(session, wanted, before=None, after=after, limit=_AT_ONCE, ascending=True)
        if not rows:
            return
        yield rows
        after = rows[-1].id


def as_ndjson(begin: Begin, wanted: Wanted) -> Iterator[bytes]:
    """One statement a line, as the store answers it; voided ones too."""
    for rows in everything(begin, wanted):
        yield b"".join(jsonio.dumps(row.payload) + b"\n" for row in rows)


def as_csv(begin: Begin, wanted: Wanted, cell: Callable[[object], object]) -> Iterator[bytes]:
    """A table for a spreadsheet; `cell` makes a value safe there."""
    yield b"\xef\xbb\xbf"
    yield _lines([CSV_HEADER])
    for rows in everything(begin, wanted):
        yield _lines([[cell(value) for value in _cells(told(row))] for row in rows])


def _cells(line: Told) -> list[object]:
    return [
        line.stored.isoformat(),
        line.at.isoformat(),
        line.statement_id,
        line.who,
        line.did,
        line.what,
        line.how,
        "yes" if line.is_voided else "",
        jsonio.dumps(line.payload).decode(),
    ]


def _lines(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def as_query(wanted: Wanted) -> dict[str, str]:
    """The filter as parameters of an address, without those that say nothing."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in asdict(wanted).items()
        if value not in (None, "")
    }
