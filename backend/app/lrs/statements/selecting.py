"""The SQL of a `Filter`: always an index walked in the order of the answer, cut off at its limit.

Every arm of a query reads one index in key order (that of a link table, of the verb, of the registration, or
the primary key), so its cost grows with the page and not with the store. Arms are merged and cut again.
"""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from typing import LiteralString

from app.lrs.statements.filters import Filter

_COLUMNS: LiteralString = "s.id, s.payload::text AS payload, s.version"
_ACTOR: LiteralString = "a.actor_id = (SELECT id FROM xapi_actors WHERE identity = %(agent)s)"
_ACTIVITY: LiteralString = "v.activity_id = (SELECT id FROM xapi_activities WHERE iri = %(activity)s)"
_SUBJECT: LiteralString = (
    " AND (%(verb)s::text IS NULL OR m.verb = %(verb)s)"
    " AND (%(registration)s::uuid IS NULL OR m.registration = %(registration)s)"
)


def select(query: Filter, limit: int) -> tuple[LiteralString, dict[str, object]]:
    """SQL and parameters for at most `limit` rows (id, payload, version), in the order asked for."""
    order: LiteralString = "ASC" if query.ascending else "DESC"
    arms = [_arm(query, arm, order) for arm in _arms(query)]
    parameters: dict[str, object] = {
        "agent": query.agent,
        "activity": query.activity,
        "verb": query.verb,
        "registration": query.registration,
        "after": query.after,
        "before": query.before,
        "credential": query.credential_id,
        "limit": limit,
    }
    if len(arms) == 1:
        return arms[0], parameters
    union: LiteralString = " UNION ALL ".join(f"({arm})" for arm in arms)
    columns: LiteralString = "DISTINCT ON (id) id, payload, version"
    merged: LiteralString = f"SELECT {columns} FROM ({union}) arms ORDER BY id {order} LIMIT %(limit)s"
    return merged, parameters


def _arms(query: Filter) -> list[tuple[LiteralString, LiteralString, LiteralString]]:
    """(tables, conditions, the column that has the statement's key) for each index to walk."""
    needs_subject = query.verb is not None or query.registration is not None
    subject: LiteralString = " JOIN xapi_statements m ON m.id = {}.subject_id" if needs_subject else ""
    if query.agent is not None:
        return _agent_arms(query, subject.replace("{}", "a"), needs_subject=needs_subject)
    if query.activity is not None:
        tables: LiteralString = "xapi_statement_activities v JOIN xapi_statements s ON s.id = v.statement_id"
        condition: LiteralString = _ACTIVITY + (_SUBJECT if needs_subject else "")
        places: list[LiteralString] = ["true", "false"] if query.related_activities else ["true"]
        return [
            (tables + subject.replace("{}", "v"), f"{condition} AND v.direct = {place}", "v.statement_id")
            for place in places
        ]
    return _plain_arms(query)


def _agent_arms(
    query: Filter, subject: LiteralString, *, needs_subject: bool
) -> list[tuple[LiteralString, LiteralString, LiteralString]]:
    tables: LiteralString = (
        "xapi_statement_actors a JOIN xapi_statements s ON s.id = a.statement_id" + subject
    )
    condition: LiteralString = _ACTOR + (_SUBJECT if needs_subject else "")
    if query.activity is not None:
        direct: LiteralString = "" if query.related_activities else " AND v.direct"
        condition += (
            " AND EXISTS (SELECT FROM xapi_statement_activities v WHERE v.statement_id = a.statement_id"
            f" AND v.subject_id = a.subject_id AND {_ACTIVITY}{direct})"
        )
    places: list[LiteralString] = ["true", "false"] if query.related_agents else ["true"]
    return [(tables, f"{condition} AND a.direct = {place}", "a.statement_id") for place in places]


def _plain_arms(query: Filter) -> list[tuple[LiteralString, LiteralString, LiteralString]]:
    own: LiteralString = "true"
    referred: LiteralString = "r.subject_id IS NOT NULL"
    if query.verb is not None:
        own += " AND s.verb = %(verb)s"
        referred += " AND r.verb = %(verb)s"
    if query.registration is not None:
        own += " AND s.registration = %(registration)s"
        referred += " AND r.registration = %(registration)s"
    arms: list[tuple[LiteralString, LiteralString, LiteralString]] = [("xapi_statements s", own, "s.id")]
    if query.verb is not None or query.registration is not None:
        tables: LiteralString = "xapi_statement_refs r JOIN xapi_statements s ON s.id = r.statement_id"
        arms.append((tables, referred, "r.statement_id"))
    return arms


def _arm(
    query: Filter, arm: tuple[LiteralString, LiteralString, LiteralString], order: LiteralString
) -> LiteralString:
    tables, condition, key = arm
    if query.after is not None:
        condition += f" AND {key} > %(after)s"
    if query.before is not None:
        condition += f" AND {key} < %(before)s"
    if query.credential_id is not None:
        condition += " AND s.credential_id = %(credential)s"
    # A statement may be found by several of its subjects; they stand together in the index.
    unique: LiteralString = "" if key == "s.id" else f"DISTINCT ON ({key}) "
    return (
        f"SELECT {unique}{_COLUMNS} FROM {tables} WHERE {condition} AND NOT s.is_voided"
        f" ORDER BY {key} {order} LIMIT %(limit)s"
    )
