"""SQL on targets and dead letters."""

# ruff: noqa: S608 -- every piece is a LiteralString, which mypy holds

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import XapiDeadLetter, XapiForwarder, XapiStatement
from app.lrs.engine.statements.filters import Filter
from app.lrs.engine.statements.packing import KEPT, unpack
from app.lrs.engine.statements.selection import select as select_statements
from app.lrs.host.connection import driver
from app.web.listing import Listing
from app.web.paging import Paging

_COUNTED_AT_ONCE = 1001


def forwarders(session: Session, paging: Paging) -> Listing[Any]:
    """Targets with the number of their dead letters, by name unless sorted otherwise."""
    dead = (
        select(func.count())
        .where(XapiDeadLetter.forwarder_id == XapiForwarder.id)
        .correlate(XapiForwarder)
        .scalar_subquery()
    )
    sorts: dict[str, Any] = {
        "name": func.lower(XapiForwarder.label),
        "sent": XapiForwarder.sent,
        "put_aside": dead,
        "last_success": XapiForwarder.last_success_at,
    }
    statement = select(XapiForwarder, dead.label("dead"))
    statement = statement.where(*matches(paging.q, XapiForwarder.label, XapiForwarder.endpoint))
    return Listing(session, statement.order_by(paging.order(sorts, "name"), XapiForwarder.id), paging)


def failing(session: Session) -> Sequence[XapiForwarder]:
    """Targets that are on and could not be served the last time, by name."""
    return session.scalars(
        select(XapiForwarder)
        .where(XapiForwarder.is_active, XapiForwarder.failures > 0)
        .order_by(XapiForwarder.label, XapiForwarder.id)
    ).all()


def count_waiting(session: Session, record: XapiForwarder, most: int) -> int:
    """How many statements a target has still to get; counting ends soon after `most`."""
    query, total = filter_of(record), 0
    while total <= most:
        found, parameters = select_statements(query, _COUNTED_AT_ONCE)
        counted = f"SELECT count(*), max(id) FROM ({found}) waiting"
        row = driver(session).execute(counted, parameters).fetchone()
        count, last = row if row is not None else (0, None)
        total += count
        if count < _COUNTED_AT_ONCE:
            break
        query = replace(query, after=last)
    return total


def filter_of(record: XapiForwarder) -> Filter:
    """What a target is for and has not had, in order."""
    return Filter(
        verb=record.verb,
        activity=record.activity,
        related_activities=True,
        after=record.after_id,
        ascending=True,
    )


def due(session: Session) -> list[int]:
    """Targets that are on and need not wait."""
    rows = session.scalars(select(XapiForwarder.id).where(_is_due()).order_by(XapiForwarder.id))
    return list(rows)


def is_due(session: Session, forwarder_id: int) -> bool:
    """Whether a target is on and need not wait."""
    asked = select(XapiForwarder.id).where(XapiForwarder.id == forwarder_id, _is_due())
    return session.scalar(asked) is not None


def _is_due() -> ColumnElement[bool]:
    waits_no_more = (XapiForwarder.next_attempt_at.is_(None)) | (XapiForwarder.next_attempt_at <= func.now())
    return XapiForwarder.is_active & waits_no_more


def advance(session: Session, forwarder_id: int, *, before: int, after: int, sent: int) -> bool:
    """Move a target's mark on; False when somebody else has moved it meanwhile."""
    moved = session.execute(
        update(XapiForwarder)
        .where(XapiForwarder.id == forwarder_id, XapiForwarder.after_id == before)
        .values(
            after_id=after,
            sent=XapiForwarder.sent + sent,
            failures=0,
            last_error=None,
            next_attempt_at=None,
            last_success_at=func.now() if sent else XapiForwarder.last_success_at,
        )
        .returning(XapiForwarder.id)
    )
    return moved.first() is not None


def note_answer(session: Session, forwarder_id: int, *, sent: int) -> None:
    """Write down that a target has answered, which ends its wait, and how many statements it has taken."""
    session.execute(
        update(XapiForwarder)
        .where(XapiForwarder.id == forwarder_id)
        .values(
            sent=XapiForwarder.sent + sent,
            failures=0,
            last_error=None,
            next_attempt_at=None,
            last_success_at=func.now() if sent else XapiForwarder.last_success_at,
        )
    )


def bury(session: Session, forwarder_id: int, key: int, error: str) -> None:
    """Put a statement aside for a target."""
    statement = insert(XapiDeadLetter).values(forwarder_id=forwarder_id, statement_id=key, error=error)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["forwarder_id", "statement_id"], set_={"error": statement.excluded.error}
        )
    )


def dead_letters(session: Session, forwarder_id: int, paging: Paging) -> Listing[Any]:
    """What was put aside: key, error, when, and the statement's id; in the order of storing unless sorted otherwise."""
    statement = (
        select(
            XapiDeadLetter.statement_id,
            XapiDeadLetter.error,
            XapiDeadLetter.created_at,
            XapiStatement.statement_id.label("name"),
        )
        .join(XapiStatement, XapiStatement.id == XapiDeadLetter.statement_id)
        .where(XapiDeadLetter.forwarder_id == forwarder_id)
    )
    name = cast(XapiStatement.statement_id, Text)
    statement = statement.where(*matches(paging.q, XapiDeadLetter.error, name))
    sorts: dict[str, Any] = {
        "stored": XapiDeadLetter.statement_id,
        "why": XapiDeadLetter.error,
        "when": XapiDeadLetter.created_at,
    }
    order = paging.order(sorts, "stored")
    return Listing(session, statement.order_by(order, XapiDeadLetter.statement_id), paging)


def count_dead(session: Session, forwarder_id: int) -> int:
    """How many statements are put aside for a target."""
    counted = select(func.count()).where(XapiDeadLetter.forwarder_id == forwarder_id)
    return session.scalar(counted) or 0


def dead_keys(session: Session, forwarder_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """Keys and payloads of what was put aside, in order."""
    rows = session.execute(
        text(
            f"SELECT d.statement_id, {KEPT} FROM xapi_dead_letters d"
            " JOIN xapi_statements s ON s.id = d.statement_id"
            " WHERE d.forwarder_id = :target AND d.statement_id > :after ORDER BY 1 LIMIT :most"
        ),
        {"target": forwarder_id, "after": after, "most": limit},
    )
    return [(row[0], unpack(row[1]).decode()) for row in rows]


def raise_from_the_dead(session: Session, forwarder_id: int, keys: Sequence[int]) -> None:
    """Forget dead letters that have been delivered or given up."""
    session.execute(
        delete(XapiDeadLetter).where(
            XapiDeadLetter.forwarder_id == forwarder_id, XapiDeadLetter.statement_id.in_(keys)
        )
    )


def give_up(session: Session, forwarder_id: int) -> int:
    """Forget all dead letters of a target; how many there were."""
    gone = session.execute(
        delete(XapiDeadLetter)
        .where(XapiDeadLetter.forwarder_id == forwarder_id)
        .returning(XapiDeadLetter.statement_id)
    )
    return len(gone.all())
