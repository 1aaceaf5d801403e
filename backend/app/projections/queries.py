"""SQL of the projections: the history in the order in which transactions wrote it, and how far each has come.

A transaction's rows become visible when it commits, which may be long after its number was given out. So a reader
stops below the oldest transaction that is still at work (`pg_snapshot_xmin`): nothing can be written behind it any
more, and no row is ever skipped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, text
from sqlalchemy.orm import Session

from app.db.models import AuditEntry

# ruff: noqa: S608 -- the pieces are this module's own
# What lies behind a cursor `c`, and of that what is settled.
_BEHIND = "(a.generation, a.xid, a.id) > (c.generation, c.xid, c.entry_id) AND a.id > c.first_entry_id"
_SETTLED = f"""
    {_BEHIND} AND (a.generation < history_generation() OR a.xid < pg_snapshot_xmin(pg_current_snapshot()))
"""
_WAITS = text(
    f"""
    SELECT EXISTS (SELECT FROM history_cursors c, LATERAL (
        SELECT FROM audit_log a WHERE {_SETTLED} ORDER BY a.generation, a.xid, a.id LIMIT 1) w
    WHERE c.name = :name AND coalesce(c.retry_at <= now(), true))
    """
)
_LOCK = text("SELECT name FROM history_cursors WHERE name = :name FOR UPDATE SKIP LOCKED")
_NEXT = text(
    f"""
    SELECT w.id, w.action FROM history_cursors c, LATERAL (
        SELECT a.id, a.generation, a.xid, a.action FROM audit_log a WHERE {_SETTLED}
        ORDER BY a.generation, a.xid, a.id LIMIT :most) w
    WHERE c.name = :name ORDER BY w.generation, w.xid, w.id
    """
)
_ADVANCE = text(
    """
    UPDATE history_cursors c SET generation = a.generation, xid = a.xid, entry_id = a.id, failures = 0,
        failed_entry_id = NULL, last_error = NULL, retry_at = NULL, updated_at = now()
    FROM audit_log a WHERE c.name = :name AND a.id = :entry
    """
)
_FAIL = text(
    """
    UPDATE history_cursors SET failures = failures + 1, failed_entry_id = :entry, last_error = :error,
        retry_at = now() + least(interval '5 minutes', interval '1 second' * power(2, least(failures, 9))),
        updated_at = now()
    WHERE name = :name
    """
)
_BEGIN = text(
    """
    INSERT INTO history_cursors (name, generation, xid, entry_id, first_entry_id)
    SELECT :name, coalesce(l.generation, 1), coalesce(l.xid, '0'::xid8), coalesce(l.id, 0), coalesce(l.id, 0)
    FROM (VALUES (1)) one LEFT JOIN LATERAL (
        SELECT a.generation, a.xid, a.id FROM audit_log a
        WHERE :from_now ORDER BY a.generation DESC, a.xid DESC, a.id DESC LIMIT 1) l ON true
    ON CONFLICT (name) DO NOTHING
    """
)
_DONE = text(
    """
    SELECT a.id FROM audit_log a, history_cursors c
    WHERE c.name = :name AND a.id > greatest(:after, c.first_entry_id)
      AND (a.generation, a.xid, a.id) <= (c.generation, c.xid, c.entry_id)
    ORDER BY a.id LIMIT :most
    """
)
_LAG = text(
    f"""
    SELECT c.name, c.entry_id, c.failures, c.failed_entry_id, c.last_error, c.retry_at, c.updated_at,
           w.waiting, w.oldest
    FROM history_cursors c, LATERAL (
        SELECT count(*) AS waiting, min(at) AS oldest FROM (
            SELECT a.at FROM audit_log a WHERE {_BEHIND} LIMIT :most) b) w
    ORDER BY c.name
    """
)
MOST_COUNTED = 100_000
PASSED = 10


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a subscriber is behind: `waiting` entries, at most `MOST_COUNTED`, the oldest of them since `oldest`."""

    name: str
    entry_id: int
    failures: int
    failed_entry_id: int | None
    last_error: str | None
    retry_at: datetime | None
    updated_at: datetime
    waiting: int
    oldest: datetime | None


def waits(session: Session, name: str) -> bool:
    """Whether there is something to follow now. Takes no lock and writes nothing."""
    return bool(session.scalar(_WAITS, {"name": name}))


def take_turn(session: Session, name: str) -> bool:
    """Lock the subscriber's cursor until the transaction ends; False while another process has it."""
    return session.scalar(_LOCK, {"name": name}) is not None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What follows a cursor: the entries that are wanted, in order, and the last one that was looked at."""

    entries: Sequence[AuditEntry]
    last: int | None


def next_entries(session: Session, name: str, actions: Collection[str], most: int) -> Ahead:
    """The entries of these actions that follow the cursor, at most `most`.

    Most of the history is no subscriber's business (who looked at what): of `PASSED` times as many entries the number
    and the action are looked at, and only what is wanted is read.
    """
    wanted: list[int] = []
    last = None
    for number, action in session.execute(_NEXT, {"name": name, "most": most * PASSED}):
        last = number
        if action in actions:
            wanted.append(number)
            if len(wanted) == most:
                break
    return Ahead(_entries(session, wanted) if wanted else (), last)


def followed_entries(session: Session, name: str, after: int, most: int) -> Sequence[AuditEntry]:
    """Entries that the subscriber has followed already, by number, behind the one given."""
    asked = {"name": name, "after": after, "most": most}
    return _entries(session, session.execute(_DONE, asked).scalars().all())


def _entries(session: Session, numbers: Sequence[int]) -> list[AuditEntry]:
    found = {
        entry.id: entry for entry in session.scalars(select(AuditEntry).where(AuditEntry.id.in_(numbers)))
    }
    return [found[number] for number in numbers]


def advance(session: Session, name: str, entry_id: int) -> None:
    """Note that everything up to this entry has been followed."""
    session.execute(_ADVANCE, {"name": name, "entry": entry_id})


def fail(session: Session, name: str, entry_id: int | None, error: str) -> None:
    """Note that an entry could not be followed; the next attempt waits longer each time."""
    session.execute(_FAIL, {"name": name, "entry": entry_id, "error": error})


def begin(session: Session, name: str, *, from_now: bool) -> None:
    """Make the subscriber's cursor, at the history's beginning or at its end, unless there is one."""
    session.execute(_BEGIN, {"name": name, "from_now": from_now})


def lags(session: Session) -> list[Lag]:
    """Every subscriber's lag, by name."""
    return [Lag(*row) for row in session.execute(_LAG, {"most": MOST_COUNTED})]


def entries_about(
    session: Session, action: str, target: str, target_ids: Collection[int], before: int
) -> Sequence[AuditEntry]:
    """The entries of one action about these records that were written before the entry `before`, in their order."""
    return session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.target == target,
            AuditEntry.target_id.in_([str(number) for number in target_ids]),
            AuditEntry.id < before,
            AuditEntry.action == action,
        )
        .order_by(AuditEntry.id)
    ).all()


def hours_entries_before(session: Session, entry: AuditEntry, actions: Collection[str]) -> Row[Any] | None:
    """The last entry of these actions about the same record that was written before this one."""
    return session.execute(
        select(AuditEntry.id, AuditEntry.action, AuditEntry.details)
        .where(
            AuditEntry.target == entry.target,
            AuditEntry.target_id == entry.target_id,
            AuditEntry.id < entry.id,
            AuditEntry.action.in_(actions),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()


def times_since(session: Session, action: str, since: datetime, until: datetime) -> int:
    """How many refusals the entries of an action stand for, after `since` and until `until`."""
    times = func.sum(AuditEntry.details["times"].as_integer())
    wanted = (AuditEntry.action == action, AuditEntry.at > since, AuditEntry.at <= until)
    return session.scalar(select(times).where(*wanted)) or 0


def happened_since(session: Session, action: str, since: datetime) -> bool:
    """Whether there is an entry of an action after this moment."""
    return bool(session.scalar(select(exists().where(AuditEntry.action == action, AuditEntry.at > since))))
