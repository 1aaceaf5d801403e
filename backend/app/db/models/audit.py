"""The audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AuditEntry(Base):
    """Who did what to which record. No foreign keys: the trail outlives what it speaks of. Inserts only."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("idx_audit_log_at", "at"),
        Index("idx_audit_log_actor_id", "actor_id", "at"),
        Index("idx_audit_log_target", "target", "target_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Entry number."""
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    actor_id: Mapped[int | None]
    """Who; empty for the program itself."""
    actor_name: Mapped[str | None] = mapped_column(Text)
    """Her name at that time."""
    action: Mapped[str] = mapped_column(String(100))
    """What: `noun.verb_in_past`."""
    target: Mapped[str] = mapped_column(String(63))
    """The table of the record."""
    target_id: Mapped[str | None] = mapped_column(Text)
    """The record's key."""
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """What changed; never a secret."""
    request_id: Mapped[str | None] = mapped_column(Text)
    """The request, as in the logs."""
    ip: Mapped[str | None] = mapped_column(String(45))
    """Where it came from."""
