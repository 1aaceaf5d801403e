"""SQL of the seals, and the bytes that are sealed.

An entry's bytes are its columns in the order of `COLUMNS`, each as `length:text` with the length in bytes, `-` for
none; a moment as whole microseconds since 1970 in UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

COLUMNS = (
    ("id", "id::text"),
    ("at", "(extract(epoch FROM at) * 1000000)::bigint::text"),
    ("occurred_at", "(extract(epoch FROM occurred_at) * 1000000)::bigint::text"),
    ("actor_id", "actor_id::text"),
    ("actor_name", "actor_name"),
    ("action", "action"),
    ("target", "target"),
    ("target_id", "target_id"),
    ("student_id", "student_id::text"),
    ("enrollment_id", "enrollment_id::text"),
    ("reason", "reason"),
    ("details", "details::text"),
    ("request_id", "request_id"),
    ("ip", "ip"),
    ("purpose", "purpose"),
    ("actor_duty", "actor_duty"),
    ("generation", "generation::text"),
    ("xid", "xid::text"),
)
_TURN = 0x5EA15

# ruff: noqa: S608 -- the pieces are this module's own
_FIELDS = " || ".join(f"coalesce(octet_length({text}) || ':' || {text}, '-')" for _, text in COLUMNS)
_LEAF = rf"sha256('\x00'::bytea || convert_to({_FIELDS}, 'UTF8'))"
_TAKE_TURN = sa.text("SELECT pg_try_advisory_xact_lock(:key)")
# Asked before the entries are read: whatever committed below it can be seen by the next statement.
_FRONTIER = sa.text("SELECT history_generation(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_LAST = sa.text(
    "SELECT number, generation, end_xid::text::bigint, hash FROM history_seals ORDER BY number DESC LIMIT 1"
)
_FIRST_OPEN = sa.text(
    """
    SELECT generation, xid::text::bigint FROM audit_log
    WHERE (generation, xid) >= (:generation, CAST(CAST(:xid AS text) AS xid8))
      AND (generation < :now_generation
           OR generation = :now_generation AND xid < CAST(CAST(:frontier AS text) AS xid8))
    ORDER BY generation, xid, id LIMIT 1
    """
)
_END_OF = sa.text("SELECT max(xid)::text::bigint + 1 FROM audit_log WHERE generation = :generation")
_BETWEEN = """
    generation = :generation AND xid >= CAST(CAST(:first AS text) AS xid8) AND xid < CAST(CAST(:end AS text) AS xid8)
"""
_CUT = sa.text(
    f"SELECT xid::text::bigint FROM audit_log WHERE {_BETWEEN} ORDER BY xid, id OFFSET :most LIMIT 1"
)
_LEAVES = sa.text(f"SELECT {_LEAF}, id FROM audit_log WHERE {_BETWEEN} ORDER BY xid, id")
_ADD = sa.text(
    """
    INSERT INTO history_seals
        (number, generation, first_xid, end_xid, entries, last_entry_id, root, leaves, previous, hash)
    VALUES (:number, :generation, CAST(CAST(:first AS text) AS xid8), CAST(CAST(:end AS text) AS xid8),
            :entries, :last_entry_id, :root, :leaves, :previous, :hash)
    """
)
_SEALS = """
    SELECT number, generation, first_xid::text::bigint, end_xid::text::bigint, entries, last_entry_id, root, leaves,
           previous, hash, sealed_at
    FROM history_seals
"""
_WITHOUT_LEAVES = _SEALS.replace("leaves,", "''::bytea,")
_ORDERED = f"SELECT generation, xid::text::bigint, id, {_LEAF} FROM audit_log ORDER BY generation, xid, id"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a seal says: the entries of one generation with `first_xid` <= xid < `end_xid`, and their hashes."""

    number: int
    generation: int
    first_xid: int
    end_xid: int
    entries: int
    last_entry_id: int
    root: bytes
    leaves: bytes
    previous: bytes
    hash: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Entries of one generation with `first` <= xid < `end`."""

    generation: int
    first: int
    end: int

    @property
    def bound(self) -> dict[str, int]:
        return {"generation": self.generation, "first": self.first, "end": self.end}


def take_turn(session: Session) -> bool:
    """Whether this transaction is the one that seals; False while another one is."""
    return bool(session.scalar(_TAKE_TURN, {"key": _TURN}))


def frontier(session: Session) -> tuple[int, int]:
    """The generation of now, and the oldest transaction that is still at work: nothing is written below it any more."""
    generation, xid = session.execute(_FRONTIER).one()
    return generation, xid


def last(session: Session) -> tuple[int, int, int, bytes]:
    """Of the newest seal: its number, its generation, the end of what it covers, its hash. Zeros before the first."""
    row = session.execute(_LAST).one_or_none()
    return (0, 0, 0, b"") if row is None else (row[0], row[1], row[2], bytes(row[3]))


def first_open(session: Session, generation: int, xid: int, until: tuple[int, int]) -> tuple[int, int] | None:
    """Generation and transaction of the first entry from this place on that nothing can be written before, if any."""
    asked = {"generation": generation, "xid": xid, "now_generation": until[0], "frontier": until[1]}
    found = session.execute(_FIRST_OPEN, asked).one_or_none()
    return None if found is None else (found[0], found[1])


def end_of(session: Session, generation: int) -> int:
    """Behind the last transaction of a generation."""
    return int(session.scalar(_END_OF, {"generation": generation}) or 0)


def cut(session: Session, span: Span, most: int) -> int | None:
    """The transaction of the entry behind the first `most` of them; None when there are no more."""
    found: int | None = session.scalar(_CUT, span.bound | {"most": most})
    return found


def leaves(session: Session, span: Span) -> list[tuple[bytes, int]]:
    """The hash and the number of each entry, in their order."""
    return [(bytes(leaf), number) for leaf, number in session.execute(_LEAVES, span.bound)]


def add(session: Session, span: Span, **values: Any) -> None:
    """A seal over this span."""
    session.execute(_ADD, span.bound | values)


def newest(session: Session) -> Seal | None:
    """The newest seal, without the hashes of its entries."""
    row = session.execute(sa.text(f"{_WITHOUT_LEAVES} ORDER BY number DESC LIMIT 1")).one_or_none()
    return None if row is None else _seal(row)


def seals(session: Session) -> Iterator[Seal]:
    """Every seal in order, a few in memory at a time."""
    for row in session.execute(sa.text(f"{_SEALS} ORDER BY number"), execution_options={"yield_per": 10}):
        yield _seal(row)


def entries(session: Session) -> Iterator[tuple[tuple[int, int], int, bytes]]:
    """The whole history in order: the place (generation and transaction), the number, the hash of each entry."""
    found = session.execute(sa.text(_ORDERED), execution_options={"yield_per": 5_000})
    for generation, xid, number, leaf in found:
        yield (generation, xid), number, bytes(leaf)


def _seal(row: Sequence[Any]) -> Seal:
    number, generation, first, end, count, last_entry, root, hashes, previous, own, at = row
    return Seal(
        number, generation, first, end, count, last_entry,
        bytes(root), bytes(hashes), bytes(previous), bytes(own), at,
    )  # fmt: skip
