"""The history."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    FetchedValue,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.db.types import Xid8


class AuditEntry(Base):
    """Who did what to which record, and whom it concerns. No foreign keys: the history outlives what it speaks of.

    Inserts only. `id`, `at`, `generation` and `xid` are the database's; the system may not set them.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("idx_audit_log_at", "at"),
        Index("idx_audit_log_actor_id", "actor_id", "at"),
        Index("idx_audit_log_target", "target", "target_id", "at"),
        Index("idx_audit_log_action", "action", "at"),
        Index(
            "idx_audit_log_student_id",
            "student_id",
            "occurred_at",
            "id",
            postgresql_where=text("student_id IS NOT NULL"),
        ),
        Index(
            "idx_audit_log_enrollment_id",
            "enrollment_id",
            "occurred_at",
            "id",
            postgresql_where=text("enrollment_id IS NOT NULL"),
        ),
        Index("idx_audit_log_order", "generation", "xid", "id"),
        Index(
            "idx_audit_log_views",
            "student_id",
            "at",
            "id",
            postgresql_where=text("purpose IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Entry number."""
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was written."""
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it happened; the same moment unless it was entered later."""
    actor_id: Mapped[int | None]
    """Who; empty for the system itself."""
    actor_name: Mapped[str | None] = mapped_column(Text)
    """Their name at that time."""
    action: Mapped[str] = mapped_column(String(100))
    """What: `noun.verb_in_past`."""
    target: Mapped[str] = mapped_column(String(63))
    """The table of the record."""
    target_id: Mapped[str | None] = mapped_column(Text)
    """The record's key."""
    student_id: Mapped[int | None]
    """The student it concerns."""
    enrollment_id: Mapped[int | None]
    """The enrollment it concerns."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why, in the words of whoever did it."""
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """What changed; never a secret. `app/core/details` describes them for each action."""
    request_id: Mapped[str | None] = mapped_column(Text)
    """The request, as in the logs."""
    ip: Mapped[str | None] = mapped_column(String(45))
    """Where it came from."""
    purpose: Mapped[str | None] = mapped_column(String(20))
    """For which purpose somebody looked at a student's records; empty for everything else."""
    actor_duty: Mapped[str | None] = mapped_column(String(20))
    """The duty they looked by."""
    generation: Mapped[int] = mapped_column(server_default=text("history_generation()"))
    """Counts the servers that the database has lived on: transaction numbers restart with each."""
    xid: Mapped[int] = mapped_column(Xid8, server_default=FetchedValue())
    """The transaction that wrote it; 0 for rows older than this column. Readers follow (generation, xid, id)."""


class HistoryFold(Base):
    """What was written to the history lately and is not written again for a while. UNLOGGED: a crash empties it."""

    __tablename__ = "history_folds"
    __table_args__ = (
        Index("idx_history_folds_written_at", "written_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    """What it was, with everything that makes it the same thing."""
    written_at: Mapped[datetime]
    """When it was written last."""
    times: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    """How often it has happened since then, where that is counted."""


class HistorySeal(Base):
    """A hash over a stretch of the history, bound to the one before. Inserts only."""

    __tablename__ = "history_seals"
    __table_args__ = (UniqueConstraint("previous", name="uq_history_seals_previous"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3 and so on, without a gap."""
    generation: Mapped[int]
    """The server that the transactions are numbered on, as in `audit_log`."""
    first_xid: Mapped[int] = mapped_column(Xid8)
    """The first transaction it covers."""
    end_xid: Mapped[int] = mapped_column(Xid8)
    """The first transaction it does not cover."""
    entries: Mapped[int]
    """How many entries of the history it covers."""
    last_entry_id: Mapped[int] = mapped_column(BigInteger)
    """The highest number among them."""
    root: Mapped[bytes] = mapped_column(LargeBinary)
    """The Merkle root over the entries' hashes."""
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    """The entries' hashes, 32 bytes each, by which a changed entry is named."""
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    """The hash of the seal before; empty for the first."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """The seal's own hash, over all of this but the leaves."""
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was made."""
