"""Looking at statements: a page of those that match, what came since, one of them, a person's, charts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import FieldError, Invalid, NotFound
from app.lrs import values, vocabulary
from app.lrs.records import queries
from app.lrs.records.words import Line, line_of
from app.lrs.refusal import Refusal
from app.lrs.statements.actors import identity_of_parameter
from app.lrs.statements.filters import Filter, json_of, key_of
from app.lrs.vocabulary import in_words
from app.rules.hours import start_of_day

PER_PAGE = 50
_CHUNK = 1000
PERIODS = {30: "30 days", 90: "90 days", 365: "A year"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks for, as typed. `person` is a number, an address, words of a name, or an Agent as JSON."""

    person: str = ""
    verb: str = ""
    activity: str = ""
    since: str = ""
    until: str = ""
    registration: str = ""

    @property
    def filtered(self) -> bool:
        return any((self.person, self.verb, self.activity, self.since, self.until, self.registration))

    def query(self) -> dict[str, str | None]:
        """The same as a query string's pairs."""
        return {name: getattr(self, name) or None for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Statements:
    """A page of statements, the newest first. `older` is the key to go on from, None at the end."""

    lines: list[Line] = field(default_factory=list)
    older: int | None = None
    newest: int = 0


def filter_of(asked: Asked, zone: ZoneInfo) -> Filter:
    """The store's filter, without the person. Raises Invalid naming the fields that cannot be read."""
    faults = []
    for name in ("verb", "activity"):
        text = getattr(asked, name)
        if text and not values.is_iri(text):
            faults.append(FieldError(name, "An IRI belongs here, such as https://example.org/lesson."))
    if asked.registration and not values.is_uuid(asked.registration):
        faults.append(FieldError("registration", "A registration is a UUID."))
    days: dict[str, date | None] = {}
    for name in ("since", "until"):
        days[name] = _day(getattr(asked, name), name, faults)
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), errors=faults)
    since, until = days["since"], days["until"]
    return Filter(
        verb=asked.verb or None,
        activity=asked.activity or None,
        related_activities=True,
        registration=asked.registration.lower() or None,
        after=key_of(start_of_day(since, zone)) - 1 if since else None,
        before=key_of(start_of_day(until + timedelta(days=1), zone)) if until else None,
    )


def _day(text: str, name: str, faults: list[FieldError]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 9000:
        faults.append(FieldError(name, "Enter a date such as 2026-11-22."))
        return None
    return found


def agents_of(session: Session, person: str) -> list[str] | None:
    """The identities that what was typed for a person means; None when nothing was, [] when nobody is meant."""
    person = person.strip()
    if not person:
        return None
    if person.startswith("{"):
        try:
            return [identity_of_parameter(json_of(person, "person"), "person")]
        except Refusal as refusal:
            sentence = f"This is not an Agent: {refusal.detail}"
            raise Invalid(sentence, errors=[FieldError("person", sentence)]) from None
    if person.isascii() and person.isdigit() and len(person) < 10:
        return queries.identities_of_user(session, int(person))
    found = [
        identity
        for user_id in queries.users_called(session, person)
        for identity in queries.identities_of_user(session, user_id)
    ]
    return (found + queries.strangers_called(session, person))[:40]


def newest(session: Session, asked: Asked, zone: ZoneInfo, *, before: int | None = None) -> Statements:
    """A page of the newest statements that match, or of those before a key."""
    query = filter_of(asked, zone)
    head = queries.last_key(session)
    if before is not None:
        query = replace(query, before=before if query.before is None else min(before, query.before))
    found = queries.page(session, query, agents_of(session, asked.person), PER_PAGE + 1)
    older = found[PER_PAGE - 1].key if len(found) > PER_PAGE else None
    return Statements([line_of(one) for one in found[:PER_PAGE]], older, head)


def arrived(session: Session, asked: Asked, zone: ZoneInfo, *, after: int) -> Statements:
    """What has come after a key and matches, the newest first; at most a page, the rest with the next call."""
    query = filter_of(asked, zone)
    head = queries.last_key(session)
    query = replace(query, ascending=True, after=after if query.after is None else max(after, query.after))
    found = queries.page(session, query, agents_of(session, asked.person), PER_PAGE)
    last = found[-1].key if len(found) == PER_PAGE else max(head, after)
    return Statements([line_of(one) for one in reversed(found)], None, last)


def read(session: Session, statement_id: str) -> Line:
    """One statement, voided or not. Raises NotFound."""
    found = queries.one(session, statement_id) if values.is_uuid(statement_id) else None
    if found is None:
        raise NotFound("There is no statement with this id.")
    return line_of(found)


def recent_for_user(session: Session, user_id: int, limit: int = 20) -> list[Line]:
    """The newest statements about what this person did, for her page.

    Voided ones are left out, and so is who voided them: that is no doing of hers.
    """
    agents = queries.identities_of_user(session, user_id)
    lines = [line_of(one) for one in queries.page(session, Filter(), agents, 2 * limit)]
    return [line for line in lines if line.verb != vocabulary.VOIDED.iri][:limit]


def verb_choices(session: Session) -> list[tuple[str, str]]:
    """The verbs in use, as IRI and words, in the order of the words."""
    return sorted(((iri, in_words(iri)) for iri in queries.verbs_used(session)), key=lambda pair: pair[1])


def chunk(session: Session, query: Filter, agents: Sequence[str] | None) -> list[queries.Found]:
    """The oldest that match, a thousand or as many as fit into memory."""
    return queries.page(session, replace(query, ascending=True), agents, _CHUNK, whole=False)


def following(query: Filter, key: int) -> Filter:
    """The same query for what comes after a key."""
    return replace(query, after=key)


# Charts


@dataclass(frozen=True, slots=True)
class Series:
    """Lines of a chart over the same labels."""

    labels: list[str]
    series: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Charts:
    """What the charts page draws."""

    verbs: Series
    hours: Series
    scores: Series
    statements: int
    total_hours: float
    scored: int


def charts(session: Session, zone: ZoneInfo, days: int, user_id: int | None = None) -> Charts:
    """Verbs over time, time on task, distribution of scores: the last `days` days, of everybody or one person.

    Days up to 90, weeks beyond. Time on task adds up the durations of sessions that ended and of attendance.
    """
    today = clock.today(zone)
    first = today - timedelta(days=days - 1)
    width = 1 if days <= 31 else 7
    starts = [first + timedelta(days=step) for step in range(0, days, width)]
    # A statement may tell of a day that no date of ours can hold, or of one to come.
    since, until = start_of_day(first, zone), start_of_day(today + timedelta(days=1), zone)
    counts = queries.verbs_by_day(session, since, until, str(zone), user_id)
    seconds = queries.seconds_by_day(session, since, until, str(zone), vocabulary.WITH_DURATION, user_id)
    tenths = dict(tuple(row) for row in queries.score_tenths(session, since, until, user_id))
    hours = [(day, in_words(verb), float(number) / 3600) for day, verb, number in seconds]
    return Charts(
        verbs=_series(
            [(day, in_words(verb), number) for day, verb, number in counts], first, starts, width, 6
        ),
        hours=_series(hours, first, starts, width, 6, digits=2),
        scores=Series(
            [f"{tenth * 10}–{tenth * 10 + 10} %" for tenth in range(10)],
            [{"name": "Scores", "values": [tenths.get(tenth, 0) for tenth in range(10)]}],
        ),
        statements=sum(number for _, _, number in counts),
        total_hours=round(sum(number for _, _, number in hours), 1),
        scored=sum(tenths.values()),
    )


def _series(
    rows: Sequence[tuple[date, str, float]],
    first: date,
    starts: Sequence[date],
    width: int,
    most: int,
    digits: int = 0,
) -> Series:
    totals: dict[str, float] = {}
    for _, name, number in rows:
        totals[name] = totals.get(name, 0) + number
    names = sorted(totals, key=lambda name: (-totals[name], name))
    kept = names if len(names) <= most else [*names[: most - 1], "other verbs"]
    table = {name: [0.0] * len(starts) for name in kept}
    for day, name, number in rows:
        place = (day - first).days // width
        if 0 <= place < len(starts):
            table[name if name in table else "other verbs"][place] += number
    labels = [f"{start:%b} {start.day}" for start in starts]
    values_of = {
        name: [round(number, digits) if digits else int(number) for number in numbers]
        for name, numbers in table.items()
    }
    return Series(labels, [{"name": name, "values": values_of[name]} for name in kept])


def pretty(line: Line) -> str:
    """The whole statement as indented JSON."""
    return orjson.dumps(line.payload, option=orjson.OPT_INDENT_2).decode()


def export_name(now: datetime, ending: str) -> str:
    """What an exported file is called."""
    return f"statements-{now:%Y-%m-%d-%H%M}.{ending}"
