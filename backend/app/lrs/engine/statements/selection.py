"""The SQL of a `Filter`: always an index walked in the order of the answer, cut off at its limit.

A statement is found by its own agents, activities, verb and registration, or by those of a statement it refers to;
all filters must hold for one and the same of these subjects. So a query walks pairs (statement, subject) in key
order, along the index of its narrowest filter, and tests each pair for the others by looking up one index entry. Its
cost grows with the page and not with the store. Walks are merged and cut again.
"""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, LiteralString

from app.lrs.engine.statements.filters import Filter
from app.lrs.engine.statements.packing import KEPT, OCTETS

_COLUMNS: LiteralString = f"s.id, {KEPT} AS kept, {OCTETS} AS octets, s.version"
_ACTOR: LiteralString = "actor_id = (SELECT id FROM xapi_actors WHERE identity = %(agent)s)"
_ACTIVITY: LiteralString = "activity_id = (SELECT id FROM xapi_activities WHERE iri = %(activity)s)"

_OCTETS: LiteralString = "16777216"

# A limit that is a parameter costs the planner its head: a plan made for any limit expects a tenth of the store,
# looks dearer than one made for this limit, and so every request is planned again, in more time than it then takes.
_LIMITS: tuple[tuple[int, LiteralString], ...] = (
    (2, "2"), (11, "11"), (26, "26"), (51, "51"), (101, "101"), (201, "201"), (501, "501"), (1001, "1001"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Walk:
    """An index to walk: tables and condition, and where each pair's statement, subject and subject's verb stand."""

    tables: LiteralString
    condition: LiteralString
    statement: LiteralString
    subject: LiteralString
    verb: LiteralString


def select(query: Filter, least: int) -> tuple[LiteralString, dict[str, object]]:
    """SQL and parameters for the first rows (id, packed text, version, octets) in the order asked for.

    They are at least `least` (1001 at most), where there are as many, and often some more: the caller cuts. Once the
    texts together pass 16 MiB, those that follow are empty: the page ends there, and the next one goes on.
    """
    limit = next(text for size, text in _LIMITS if size >= least)
    order: LiteralString = "ASC" if query.ascending else "DESC"
    arms = [_arm(query, walk, order, limit) for walk in _walks(query)]
    parameters: dict[str, object] = {
        "agent": query.agent,
        "activity": query.activity,
        "verb": query.verb,
        "registration": query.registration,
        "after": query.after,
        "before": query.before,
        "credential": query.credential_id,
        "accounts": None if query.accounts is None else list(query.accounts),
        "without": list(query.without_accounts),
    }
    if len(arms) == 1:
        return _sized(arms[0], order), parameters
    union: LiteralString = " UNION ALL ".join(f"({arm})" for arm in arms)
    columns: LiteralString = "DISTINCT ON (id) id, kept, octets, version"
    merged: LiteralString = f"SELECT {columns} FROM ({union}) arms ORDER BY id {order} LIMIT {limit}"
    return _sized(merged, order), parameters


def _sized(found: LiteralString, order: LiteralString) -> LiteralString:
    before: LiteralString = f"sum(octets) OVER (ORDER BY id {order} ROWS UNBOUNDED PRECEDING)"
    return (
        f"SELECT id, CASE WHEN together - octets < {_OCTETS} THEN kept END, version, octets"
        f" FROM (SELECT id, kept, octets, version, {before} AS together FROM ({found}) found) sized"
        f" ORDER BY id {order}"
    )


def within_reach(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of a page before the first one whose text was left out, their texts still packed."""
    return list(takewhile(lambda row: row[1] is not None, rows))


def _walks(query: Filter) -> list[_Walk]:
    """What to walk: the filter that most narrows leads."""
    if query.registration is not None:
        return [_own("s.registration = %(registration)s"), _referred("r.registration = %(registration)s")]
    if query.agent is not None:
        places: list[LiteralString] = ["true", "false"] if query.related_agents else ["true"]
        return [_linked("xapi_statement_actors", f"l.{_ACTOR} AND l.direct = {place}") for place in places]
    if query.activity is not None:
        places = ["true", "false"] if query.related_activities else ["true"]
        return [
            _linked("xapi_statement_activities", f"l.{_ACTIVITY} AND l.direct = {place}") for place in places
        ]
    if query.verb is not None:
        # The index has a number for each verb: IRIs are long, and each statement's entry would hold one.
        own: LiteralString = "hashtext(s.verb) = hashtext(%(verb)s) AND s.verb = %(verb)s"
        return [_own(own), _referred("r.verb = %(verb)s")]
    return [_own("true")]


def _own(condition: LiteralString) -> _Walk:
    return _Walk("xapi_statements s", condition, "s.id", "s.id", "s.verb")


def _referred(condition: LiteralString) -> _Walk:
    tables: LiteralString = "xapi_statement_refs r JOIN xapi_statements s ON s.id = r.statement_id"
    return _Walk(
        tables, f"{condition} AND r.subject_id IS NOT NULL", "r.statement_id", "r.subject_id", "r.verb"
    )


def _linked(table: LiteralString, condition: LiteralString) -> _Walk:
    tables: LiteralString = f"{table} l JOIN xapi_statements s ON s.id = l.statement_id"
    verb: LiteralString = "(SELECT m.verb FROM xapi_statements m WHERE m.id = l.subject_id)"
    return _Walk(tables, condition, "l.statement_id", "l.subject_id", verb)


def _tests(query: Filter, walk: _Walk) -> LiteralString:
    """The filters that do not lead, as conditions on a pair. A subquery that is no join keeps its place in the plan."""
    tests: LiteralString = ""
    leads_registration = query.registration is not None
    if query.agent is not None and leads_registration:
        tests += _test("xapi_statement_actors", _ACTOR, walk, related=query.related_agents)
    if query.activity is not None and (leads_registration or query.agent is not None):
        tests += _test("xapi_statement_activities", _ACTIVITY, walk, related=query.related_activities)
    if query.verb is not None:
        tests += f" AND {walk.verb} = %(verb)s"
    return tests


def _test(table: LiteralString, condition: LiteralString, walk: _Walk, *, related: bool) -> LiteralString:
    direct: LiteralString = "t.direct = ANY('{t,f}')" if related else "t.direct = true"
    return (
        f" AND (SELECT true FROM {table} t WHERE t.{condition} AND {direct}"
        f" AND t.statement_id = {walk.statement} AND t.subject_id = {walk.subject} LIMIT 1)"
    )


def _arm(query: Filter, walk: _Walk, order: LiteralString, limit: LiteralString) -> LiteralString:
    key = walk.statement
    condition: LiteralString = walk.condition + _tests(query, walk)
    if query.after is not None:
        condition += f" AND {key} > %(after)s"
    if query.before is not None:
        condition += f" AND {key} < %(before)s"
    if query.credential_id is not None:
        condition += " AND s.credential_id = %(credential)s"
    if query.accounts is not None:
        condition += " AND s.user_id = ANY(%(accounts)s)"
    if query.without_accounts:
        condition += " AND (s.user_id IS NULL OR s.user_id <> ALL(%(without)s))"
    # A statement may be found by several of its subjects; they stand together in the index.
    unique: LiteralString = "" if key == "s.id" else f"DISTINCT ON ({key}) "
    return (
        f"SELECT {unique}{_COLUMNS} FROM {walk.tables} WHERE {condition} AND NOT s.is_voided"
        f" ORDER BY {key} {order} LIMIT {limit}"
    )
