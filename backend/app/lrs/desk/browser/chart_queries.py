"""SQL of the charts on the statements themselves: counts, times and scores of a period, day by day.

`chart_rollups` gives the same from what is added up already, where that has it. Each query here walks the index of
the time of what a statement records, or the rows of the people and activities asked for where the planner finds those
fewer. A statement of the period is one whose day at the school lies in it: those before the calendar begins and after
it ends are no date that a driver can read.
"""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.lrs.desk.browser.scope import EVERYTHING, Scope
from app.lrs.desk.rollups.queries import ACTOR, NAMES, SCALED, SECONDS


@dataclass(frozen=True, slots=True)
class Span:
    """What is drawn: moments `since` to before `until`, of some or all actors (identities), verbs and activities."""

    since: datetime
    until: datetime
    zone: str
    agents: list[str] | None = None
    verb: str | None = None
    activity: str | None = None
    scope: Scope = EVERYTHING

    @property
    def condition(self) -> LiteralString:
        found: LiteralString = "s.timestamp >= :since AND s.timestamp < :until AND NOT s.is_voided"
        if self.agents is not None:
            found += (
                " AND s.id IN (SELECT l.statement_id FROM xapi_statement_actors l WHERE l.direct"
                " AND l.actor_id IN (SELECT id FROM xapi_actors WHERE identity = ANY(:agents))"
                " AND l.subject_id = l.statement_id AND l.usage & 1 = 1)"
            )
        if self.activity is not None:
            found += (
                " AND s.id IN (SELECT l.statement_id FROM xapi_statement_activities l"
                " WHERE l.activity_id = (SELECT id FROM xapi_activities WHERE iri = :activity)"
                " AND l.subject_id = l.statement_id)"
            )
        if self.verb is not None:
            found += " AND s.verb = :verb"
        return found + self.scope.condition

    @property
    def values(self) -> dict[str, object]:
        given = {"agents": self.agents, "verb": self.verb, "activity": self.activity}
        named = {name: value for name, value in given.items() if value is not None}
        return {"since": self.since, "until": self.until, **named, **self.scope.values}


class Drawn(NamedTuple):
    """What the statements of a period add up to; days without are left out."""

    counts: list[tuple[date, str, int]]
    """Day at the school, verb, number of statements."""
    seconds: list[tuple[date, bool, Decimal]]
    """Day at the school, whether of the attendance clock, seconds."""
    tenths: dict[int, int]
    """Tenth of a scaled score, 0 to 9, and the number of scores in it."""


def verbs_by_day(session: Session, span: Span) -> list[Any]:
    """(day at the school, verb, count)."""
    sql: LiteralString = (
        "SELECT (s.timestamp AT TIME ZONE :zone)::date, s.verb, count(*) FROM xapi_statements s"
        f" WHERE {span.condition} GROUP BY 1, 2"
    )
    return list(session.execute(text(sql), {**span.values, "zone": span.zone}))


def seconds_by_day(session: Session, span: Span) -> list[Any]:
    """(day at the school, whether of the attendance clock, seconds): how long statements say that something took.

    The same minutes are recorded more than once: by the clock, by the session of a lesson within those hours, and by
    the statement that completes the lesson. So clock hours (the verb attended) stand apart, and of what one
    actor did with one activity under one registration, one account counts: what the sessions that ended or paused
    say; where there are none, what the one verb says that has the longest time in all.
    """
    sql: LiteralString = f"""
WITH timed AS (
  SELECT (s.timestamp AT TIME ZONE :zone)::date AS day, s.verb = :attended AS clocked,
    CASE WHEN s.verb = ANY(:ends) THEN '' ELSE s.verb END AS account, s.registration, s.object_id,
    {ACTOR} AS actor, {SECONDS} AS seconds
  FROM xapi_statements s WHERE {span.condition} AND s.result ? 'duration'
), summed AS (
  SELECT *, sum(seconds) OVER (PARTITION BY clocked, actor, registration, object_id, account) AS total FROM timed
), ranked AS (
  SELECT *, first_value(account) OVER (PARTITION BY clocked, actor, registration, object_id
    ORDER BY account = '' AND total > 0 DESC, total DESC, account) AS counts FROM summed
)
SELECT day, clocked, sum(seconds) FROM ranked WHERE account = counts AND seconds > 0 GROUP BY 1, 2"""
    return list(session.execute(text(sql), {**span.values, **NAMES, "zone": span.zone}))


def score_tenths(session: Session, span: Span) -> list[Any]:
    """(tenth from 0 to 9, count) of scaled scores from 0 to 1; a full score is in the last tenth."""
    sql: LiteralString = (
        "SELECT least(floor(scaled * 10), 9)::int, count(*) FROM ("
        f"SELECT {SCALED} AS scaled FROM xapi_statements s"
        f" WHERE {span.condition} AND s.result ? 'score') scores"
        " WHERE scaled BETWEEN 0 AND 1 GROUP BY 1"
    )
    return list(session.execute(text(sql), span.values))


def read(session: Session, span: Span) -> Drawn:
    """All that is drawn of a period."""
    return Drawn(
        [tuple(row) for row in verbs_by_day(session, span)],
        [tuple(row) for row in seconds_by_day(session, span)],
        {row[0]: row[1] for row in score_tenths(session, span)},
    )
