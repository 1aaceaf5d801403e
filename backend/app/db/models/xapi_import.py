"""Files of statements from another LRS."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiImport(Base):
    """One file being taken in, and what became of its statements."""

    __tablename__ = "xapi_imports"
    __table_args__ = (
        Index("idx_xapi_imports_created_by", "created_by"),
        CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed')", name="check_xapi_imports_status"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    file_name: Mapped[str] = mapped_column(Text)
    """What the file was called."""
    sha256: Mapped[str] = mapped_column(Text)
    """The file's name in the file store; empty for one that a command took in, which is not kept."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its length in octets."""
    status: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    """`waiting`, `running`, `done`, or `failed` (it could not be read to its end)."""
    bytes_read: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """How much of it has been dealt with."""
    stored: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Statements that are new here."""
    known: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Statements that were here already."""
    refused: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Statements that could not be taken."""
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """The first thousand refusals: `line`, `reason`."""
    error: Mapped[str | None] = mapped_column(Text)
    """Why it ended before the end of the file."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who sent it."""
    created_at: Mapped[CreatedAt]
    """When it was sent."""
    started_at: Mapped[datetime | None]
    """When the work began."""
    finished_at: Mapped[datetime | None]
    """When it ended."""
