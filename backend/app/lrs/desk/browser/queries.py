"""SQL of the statement pages."""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.search import pattern
from app.lrs.engine.statements.filters import Filter
from app.lrs.engine.statements.packing import KEPT, unpack
from app.lrs.engine.statements.selection import select, within_reach
from app.lrs.host.connection import driver


@dataclass(frozen=True, slots=True)
class Found:
    """A statement as it is kept, with the account its actor is."""

    key: int
    payload: str
    user_id: int | None = None
    full_name: str | None = None
    is_voided: bool = False


def page(
    session: Session, query: Filter, agents: Sequence[str] | None, limit: int, *, whole: bool = True
) -> list[Found]:
    """At most `limit` statements in the query's order; of any of the `agents` (identities), where given.

    One walk along an index for each identity, merged here. Once there are enough, the walks that follow end where
    the last of them stands: no more than twice the limit is ever held. With `whole` False very large statements may
    end the page before the limit; then what comes after its last key is still to be had.
    """
    queries = [query] if agents is None else [replace(query, agent=agent) for agent in agents]
    found: dict[int, str] = {}
    ends: list[int] = []
    for one in queries:
        rows, end = _walked(session, _ending(one, found, limit), limit, whole=whole)
        found |= rows
        ends += [] if end is None else [end]
        kept = sorted(found, reverse=not query.ascending)[:limit]
        found = {key: found[key] for key in kept}
    if ends:
        last = min(ends) if query.ascending else max(ends)
        found = {
            key: text for key, text in found.items() if (key <= last if query.ascending else key >= last)
        }
    accounts = _accounts(session, list(found))
    return [Found(key, payload, *accounts.get(key, (None, None))) for key, payload in found.items()]


def read_to(found: Sequence[Found], limit: int, head: int, after: int) -> int:
    """The key up to which an ascending page of at most `limit` has seen everything; `head` was asked before it.

    A page that is not full saw all there was: up to the head, and whatever was committed between the two questions.
    """
    last = found[-1].key if found else after
    return last if len(found) == limit else max(head, last, after)


def _ending(query: Filter, found: dict[int, str], limit: int) -> Filter:
    """The query without what would stand behind the `limit` statements already found, which are in its order."""
    if len(found) < limit:
        return query
    last = next(reversed(found))
    return replace(query, before=last) if query.ascending else replace(query, after=last)


def _walked(session: Session, query: Filter, limit: int, *, whole: bool) -> tuple[dict[int, str], int | None]:
    """Payloads by key, and the key at which a page that became too large was ended."""
    found: dict[int, str] = {}
    while True:
        sql, parameters = select(query, limit - len(found))
        rows = driver(session).execute(sql, parameters).fetchall()
        kept = within_reach(rows)
        found.update((key, unpack(packed).decode()) for key, packed, _version, _octets in kept)
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
            f"SELECT s.id, {KEPT}, u.id, u.full_name, s.is_voided FROM xapi_statements s"
            " LEFT JOIN users u ON u.id = s.user_id WHERE s.statement_id = CAST(:name AS uuid)"
        ),
        {"name": statement_id},
    ).one_or_none()
    return None if row is None else Found(row[0], unpack(row[1]).decode(), *row[2:])


class Account(NamedTuple):
    """Somebody with an account."""

    id: int
    full_name: str
    email: str


def identities_of_users(session: Session, user_ids: Sequence[int]) -> dict[int, list[str]]:
    """The identifiers by which statements speak of these accounts, a handful each."""
    rows = session.execute(
        text("SELECT user_id, identity FROM xapi_actors WHERE user_id = ANY(:users) ORDER BY id"),
        {"users": list(user_ids)},
    )
    found: dict[int, list[str]] = {}
    for user_id, identity in rows:
        found.setdefault(user_id, []).append(identity)
    return found


def first_stored(session: Session, user_id: int) -> datetime | None:
    """When the first statement of an account was stored; None without any. One look at an index."""
    found: datetime | None = session.scalar(
        text("SELECT stored FROM xapi_statements WHERE user_id = :user ORDER BY id LIMIT 1"),
        {"user": user_id},
    )
    return found


def deleted_accounts(session: Session) -> list[int]:
    """Numbers of the accounts that are deleted."""
    return list(session.execute(text("SELECT id FROM users WHERE deleted_at IS NOT NULL")).scalars())


def users_by_id(session: Session, user_id: int) -> list[Account]:
    """The account with this number, if there is one."""
    rows = session.execute(text("SELECT id, full_name, email FROM users WHERE id = :id"), {"id": user_id})
    return [Account(*row) for row in rows]


def users_called(
    session: Session, words: str, most: int, accounts: Sequence[int] | None, hidden: Sequence[int]
) -> tuple[list[Account], int]:
    """Accounts whose name or address has these words, and how many there are; who has this address comes first."""
    rows = session.execute(
        text(
            "SELECT id, full_name, email, count(*) OVER () FROM users"
            " WHERE search_text LIKE search_fold(:pattern)"
            " AND id <> ALL(:hidden) AND (CAST(:accounts AS int[]) IS NULL OR id = ANY(:accounts))"
            " ORDER BY lower(email) = lower(:words) DESC, full_name, id LIMIT :most"
        ),
        {
            "words": words,
            "pattern": pattern(words),
            "most": most,
            "accounts": None if accounts is None else list(accounts),
            "hidden": list(hidden),
        },
    ).all()
    return [Account(*row[:3]) for row in rows], rows[0][3] if rows else 0


def strangers_called(session: Session, words: str, most: int) -> tuple[list[Any], int]:
    """(identity, agent, names) that no account has, with these words in them, and how many there are."""
    rows = session.execute(
        text(
            "SELECT identity, agent, names, count(*) OVER () FROM xapi_actors WHERE user_id IS NULL"
            " AND (search_fold(identity) LIKE search_fold(:pattern)"
            " OR search_fold(names::text) LIKE search_fold(:pattern)) ORDER BY id LIMIT :most"
        ),
        {"pattern": pattern(words), "most": most},
    ).all()
    return [row[:3] for row in rows], rows[0][3] if rows else 0


class Activity(NamedTuple):
    """An activity by its names. `exact` where one of them is what was asked for."""

    iri: str
    names: dict[str, str]
    exact: bool


def activities_called(session: Session, words: str, most: int) -> tuple[list[Activity], int]:
    """Activities with these words in a name or in the IRI, and how many there are; the exact ones first."""
    rows = session.execute(
        text(
            "SELECT iri, names, exact, count(*) OVER () FROM (SELECT a.id, a.iri, a.definition -> 'name' AS names,"
            " coalesce(bool_or(lower(n.value) = lower(:words)), false) AS exact FROM xapi_activities a"
            " LEFT JOIN LATERAL jsonb_each_text(CASE WHEN jsonb_typeof(a.definition -> 'name') = 'object'"
            " THEN a.definition -> 'name' END) n ON true"
            " WHERE search_fold(a.iri) LIKE search_fold(:pattern) OR search_fold(n.value) LIKE search_fold(:pattern)"
            " GROUP BY a.id) matches"
            " ORDER BY exact DESC, id LIMIT :most"
        ),
        {"words": words, "pattern": pattern(words), "most": most},
    ).all()
    return [Activity(row[0], row[1] or {}, row[2]) for row in rows], rows[0][3] if rows else 0


def last_key(session: Session) -> int:
    """The key of the newest statement, 0 without any."""
    return int(session.execute(text("SELECT coalesce(max(id), 0) FROM xapi_statements")).scalar_one())


def verbs_used(session: Session) -> list[str]:
    """Every verb in the store: a skip from one index entry to the next, however many statements there are."""
    rows = session.execute(
        text(
            "WITH RECURSIVE used AS ((SELECT hashtext(verb) AS number, verb FROM xapi_statements"
            " ORDER BY hashtext(verb) LIMIT 1) UNION ALL SELECT later.number, later.verb FROM used, LATERAL"
            " (SELECT hashtext(s.verb) AS number, s.verb FROM xapi_statements s"
            " WHERE hashtext(s.verb) > used.number ORDER BY hashtext(s.verb) LIMIT 1) later)"
            " SELECT verb FROM (SELECT verb FROM used LIMIT 200) found ORDER BY verb"
        )
    )
    return list(rows.scalars())
