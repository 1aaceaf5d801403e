"""SQL of the statement pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.lrs.statements.filters import Filter
from app.lrs.statements.selecting import select, within_reach


@dataclass(frozen=True, slots=True)
class Found:
    """A statement as it is kept, with the account its actor is."""

    key: int
    payload: str
    user_id: int | None = None
    full_name: str | None = None
    is_voided: bool = False


def driver(session: Session) -> psycopg.Connection[tuple[Any, ...]]:
    """The psycopg connection of the session's transaction, for the store's own SQL."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("statements are kept in PostgreSQL through psycopg 3")
    return connection


def page(
    session: Session, query: Filter, agents: Sequence[str] | None, limit: int, *, whole: bool = True
) -> list[Found]:
    """At most `limit` statements in the query's order; of any of the `agents` (identities), where given.

    One walk along an index for each identity, merged here: a person has a handful. With `whole` False very large
    statements may end it before the limit; then what comes after its last key is still to be had.
    """
    queries = [query] if agents is None else [replace(query, agent=agent) for agent in agents]
    found: dict[int, str] = {}
    ends: list[int] = []
    for one in queries:
        rows, end = _walked(session, one, limit, whole=whole)
        found |= rows
        ends += [] if end is None else [end]
    keys = sorted(found, reverse=not query.ascending)[:limit]
    if ends:
        last = min(ends) if query.ascending else max(ends)
        keys = [key for key in keys if (key <= last if query.ascending else key >= last)]
    accounts = _accounts(session, keys)
    return [Found(key, found[key], *accounts.get(key, (None, None))) for key in keys]


def _walked(session: Session, query: Filter, limit: int, *, whole: bool) -> tuple[dict[int, str], int | None]:
    """Payloads by key, and the key at which a page that became too large was ended."""
    found: dict[int, str] = {}
    while True:
        sql, parameters = select(query, limit - len(found))
        rows = driver(session).execute(sql, parameters).fetchall()
        kept = within_reach(rows)
        found.update((key, payload) for key, payload, _version in kept)
        if len(kept) == len(rows) or len(found) >= limit:
            return found, None
        last = kept[-1][0]
        if not whole:
            return found, last
        query = replace(query, after=last) if query.ascending else replace(query, before=last)


def _accounts(session: Session, keys: list[int]) -> dict[int, tuple[int | None, str | None]]:
    if not keys:
        return {}
    rows = session.execute(
        text(
            "SELECT s.id, u.id, u.full_name FROM xapi_statements s JOIN users u ON u.id = s.user_id"
            " WHERE s.id = ANY(:keys)"
        ),
        {"keys": keys},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def one(session: Session, statement_id: str) -> Found | None:
    """The statement with this id, voided or not."""
    row = session.execute(
        text(
            "SELECT s.id, s.payload::text, u.id, u.full_name, s.is_voided FROM xapi_statements s"
            " LEFT JOIN users u ON u.id = s.user_id WHERE s.statement_id = CAST(:name AS uuid)"
        ),
        {"name": statement_id},
    ).one_or_none()
    return None if row is None else Found(*row)


def identities_of_user(session: Session, user_id: int) -> list[str]:
    """The identifiers by which statements speak of this account."""
    rows = session.execute(
        text("SELECT identity FROM xapi_actors WHERE user_id = :user ORDER BY id LIMIT 20"), {"user": user_id}
    )
    return list(rows.scalars())


def users_called(session: Session, words: str) -> list[int]:
    """Accounts with this e-mail address, or whose name or address has these words; at most 20."""
    rows = session.execute(
        text(
            "SELECT id FROM users WHERE lower(email) = lower(:words)"
            " OR full_name ILIKE :pattern OR email ILIKE :pattern"
            " ORDER BY lower(email) = lower(:words) DESC, id LIMIT 20"
        ),
        {"words": words, "pattern": f"%{_escaped(words)}%"},
    )
    return list(rows.scalars())


def strangers_called(session: Session, words: str) -> list[str]:
    """Identifiers that no account has, with these words in them or in a name; at most 20."""
    rows = session.execute(
        text(
            "SELECT identity FROM xapi_actors WHERE user_id IS NULL"
            " AND (identity ILIKE :pattern OR names::text ILIKE :pattern) ORDER BY id LIMIT 20"
        ),
        {"pattern": f"%{_escaped(words)}%"},
    )
    return list(rows.scalars())


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def last_key(session: Session) -> int:
    """The key of the newest statement, 0 without any."""
    return int(session.execute(text("SELECT coalesce(max(id), 0) FROM xapi_statements")).scalar_one())


def verbs_used(session: Session) -> list[str]:
    """Every verb in the store: a skip from one index entry to the next, however many statements there are."""
    rows = session.execute(
        text(
            "WITH RECURSIVE used AS ((SELECT verb FROM xapi_statements ORDER BY verb LIMIT 1) UNION ALL"
            " SELECT (SELECT s.verb FROM xapi_statements s WHERE s.verb > used.verb ORDER BY s.verb LIMIT 1)"
            " FROM used WHERE used.verb IS NOT NULL) SELECT verb FROM used WHERE verb IS NOT NULL LIMIT 200"
        )
    )
    return list(rows.scalars())


def verbs_by_day(
    session: Session, since: datetime, until: datetime, zone: str, user_id: int | None
) -> list[Any]:
    """(day at the school, verb, count) from a moment to before another."""
    return list(
        session.execute(
            text(
                "SELECT (timestamp AT TIME ZONE :zone)::date, verb, count(*) FROM xapi_statements"
                " WHERE timestamp >= :since AND timestamp < :until AND NOT is_voided"
                " AND (CAST(:user AS int) IS NULL OR user_id = :user)"
                " GROUP BY 1, 2"
            ),
            {"zone": zone, "since": since, "until": until, "user": user_id},
        )
    )


def seconds_by_day(
    session: Session, since: datetime, until: datetime, zone: str, verbs: Sequence[str], user_id: int | None
) -> list[Any]:
    """(day at the school, verb, seconds) of the durations that statements with these verbs report.

    Durations in hours, minutes and seconds are added up; one in months or years says nothing exact.
    """
    return list(
        session.execute(
            text(
                "SELECT (timestamp AT TIME ZONE :zone)::date, verb,"
                " sum(CASE WHEN result ->> 'duration' ~"
                r" '^PT(\d{1,4}H)?(\d{1,5}M)?(\d{1,7}(\.\d{1,9})?S)?$' AND result ->> 'duration' <> 'PT'"
                " THEN extract(epoch FROM (result ->> 'duration')::interval) ELSE 0 END)"
                " FROM xapi_statements WHERE timestamp >= :since AND timestamp < :until AND NOT is_voided"
                " AND verb = ANY(:verbs)"
                " AND result ? 'duration' AND (CAST(:user AS int) IS NULL OR user_id = :user) GROUP BY 1, 2"
            ),
            {"zone": zone, "since": since, "until": until, "verbs": list(verbs), "user": user_id},
        )
    )


def score_tenths(session: Session, since: datetime, until: datetime, user_id: int | None) -> list[Any]:
    """(tenth from 0 to 9, count) of scaled scores from 0 to 1; a full score is in the last tenth."""
    return list(
        session.execute(
            text(
                "SELECT least(floor(scaled * 10), 9)::int, count(*) FROM ("
                "SELECT CASE WHEN jsonb_typeof(result #> '{score,scaled}') = 'number'"
                " THEN (result #>> '{score,scaled}')::float8 END AS scaled FROM xapi_statements"
                " WHERE timestamp >= :since AND timestamp < :until AND NOT is_voided AND result ? 'score'"
                " AND (CAST(:user AS int) IS NULL OR user_id = :user)) scores"
                " WHERE scaled BETWEEN 0 AND 1 GROUP BY 1"
            ),
            {"since": since, "until": until, "user": user_id},
        )
    )
