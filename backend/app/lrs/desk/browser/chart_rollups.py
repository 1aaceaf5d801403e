"""SQL of the charts on what is added up already (`app.lrs.desk.rollups`): equal to `chart_queries`, and much less work.

What everybody did is read from the sums of all; what some accounts did, or what was done with one activity, from the
parts of those sums. Of time, the account that counts within the period is not always the one that counts in all time:
attempts that reach over an end of the period and are timed by several verbs are decided again.
"""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.lrs import vocabulary
from app.lrs.desk.browser.chart_queries import Drawn, Span
from app.lrs.desk.rollups import service as rollups

QUARTER = 900
"""Seconds."""

_DAILY: LiteralString = """
SELECT (to_timestamp(r.quarter * 900.0) AT TIME ZONE :zone)::date, v.iri, r.tenth, sum(r.statements), sum(r.seconds),
  sum(r.counted) FROM rows r JOIN xapi_rollup_verbs v ON v.id = r.verb_id GROUP BY 1, 2, 3"""
_WITHIN: LiteralString = "p.quarter >= :first AND p.quarter < :last"
_ACCOUNT: LiteralString = "CASE WHEN v.iri = ANY(:ends) THEN '' ELSE v.iri END"
# The account that counts of each attempt; sums of one row's width are enough, because only their order matters.
_WINNERS: LiteralString = """
  SELECT DISTINCT ON (attempt_id) attempt_id, account
  FROM (SELECT attempt_id, account, sum(seconds) AS total FROM timed GROUP BY 1, 2) totals
  ORDER BY attempt_id, account = '' DESC, total DESC, account"""


def read(session: Session, span: Span) -> Drawn | None:
    """All that is drawn of a period; None where the sums do not have it.

    They do not know the members of groups, so that charts of chosen people read their statements, which are few.
    """
    first, last = _quarter(span.since), _quarter(span.until)
    if first is None or last is None or span.agents is not None or not rollups.catch_up(session):
        return None
    values = {
        **span.scope.values,
        "first": first,
        "last": last,
        "zone": span.zone,
        "verb": span.verb,
        "activity": span.activity,
        "attended": vocabulary.ATTENDED.iri,
        "ends": list(vocabulary.SESSION_ENDS),
    }
    of_all = span.activity is None and span.scope.accounts is None
    sql = _of_everybody(span) if of_all else _of_some(span)
    return _drawn(span, session.execute(text(sql + _DAILY), values).all())


def _quarter(moment: datetime) -> int | None:
    number, rest = divmod(int(moment.timestamp()), QUARTER)
    return None if rest or moment.microsecond else number


def _of_everybody(span: Span) -> LiteralString:
    """Of the accounts that are hidden, which are few, the parts are taken off the sums."""
    hidden: LiteralString = ""
    seen: LiteralString = ""
    if span.scope.hidden:
        seen = " AND (a.user_id IS NULL OR a.user_id <> ALL(:hidden))"
        hidden = f"""
  UNION ALL
  SELECT p.quarter, p.verb_id, p.tenth, -p.statements, -p.seconds, -p.counted
  FROM xapi_rollup_attempts a JOIN xapi_rollup_parts p ON p.attempt_id = a.id
  WHERE a.user_id = ANY(:hidden) AND {_WITHIN}"""
    if span.verb is not None:
        return f"""
WITH rows AS (
  SELECT p.quarter, p.verb_id, p.tenth, p.statements, p.seconds, p.counted FROM xapi_rollup_quarters p
  WHERE {_WITHIN}{hidden}
)"""
    return f"""
WITH straddling AS MATERIALIZED (
  SELECT a.id FROM xapi_rollup_attempts a WHERE a.is_contested AND a.last_quarter >= :first
    AND (a.first_quarter < :first OR a.first_quarter < :last AND a.last_quarter >= :last){seen}
), timed AS MATERIALIZED (
  SELECT p.*, {_ACCOUNT} AS account FROM straddling a JOIN xapi_rollup_parts p ON p.attempt_id = a.id
  JOIN xapi_rollup_verbs v ON v.id = p.verb_id
  WHERE {_WITHIN} AND p.seconds > 0 AND v.iri <> :attended
), winners AS MATERIALIZED ({_WINNERS}
), rows AS (
  SELECT p.quarter, p.verb_id, p.tenth, p.statements, p.seconds, p.counted FROM xapi_rollup_quarters p
  WHERE {_WITHIN}
  UNION ALL
  SELECT t.quarter, t.verb_id, t.tenth, 0, 0, CASE WHEN w.account = t.account THEN t.seconds ELSE 0 END - t.counted
  FROM timed t JOIN winners w ON w.attempt_id = t.attempt_id{hidden}
)"""


def _of_some(span: Span) -> LiteralString:
    condition: LiteralString = _WITHIN
    if span.scope.accounts is not None:
        condition += " AND a.user_id = ANY(:accounts)"
    if span.scope.hidden:
        condition += " AND (a.user_id IS NULL OR a.user_id <> ALL(:hidden))"
    if span.activity is not None:
        condition += (
            " AND p.place_id = ANY(ARRAY(SELECT id FROM xapi_rollup_places WHERE activities @>"
            " ARRAY[(SELECT id FROM xapi_activities WHERE iri = :activity)]))"
        )
    return f"""
WITH chosen AS MATERIALIZED (
  SELECT p.* FROM xapi_rollup_parts p JOIN xapi_rollup_attempts a ON a.id = p.attempt_id WHERE {condition}
), timed AS MATERIALIZED (
  SELECT p.*, {_ACCOUNT} AS account FROM chosen p JOIN xapi_rollup_verbs v ON v.id = p.verb_id
  WHERE p.seconds > 0 AND v.iri <> :attended
), winners AS MATERIALIZED ({_WINNERS}
), rows AS (
  SELECT p.quarter, p.verb_id, p.tenth, p.statements, p.seconds, 0 AS counted FROM chosen p
  UNION ALL
  SELECT t.quarter, t.verb_id, t.tenth, 0, 0, t.seconds FROM timed t
  JOIN winners w ON w.attempt_id = t.attempt_id AND w.account = t.account
)"""


def _drawn(span: Span, rows: Any) -> Drawn:
    counts: dict[tuple[Any, str], int] = {}
    seconds: dict[tuple[Any, bool], Decimal] = {}
    tenths: dict[int, int] = {}
    for day, verb, tenth, number, said, counted in rows:
        if span.verb is not None and verb != span.verb:
            continue
        counts[day, verb] = counts.get((day, verb), 0) + number
        clocked = verb == vocabulary.ATTENDED.iri
        # Of one verb alone everything counts: there is no other that says the same.
        time = said if clocked or span.verb is not None else counted
        seconds[day, clocked] = seconds.get((day, clocked), Decimal()) + time
        if tenth >= 0:
            tenths[tenth] = tenths.get(tenth, 0) + number
    return Drawn(
        [(day, verb, number) for (day, verb), number in counts.items() if number],
        [(day, clocked, time) for (day, clocked), time in seconds.items() if time],
        {tenth: number for tenth, number in tenths.items() if number},
    )
