"""Archives of the whole school that were made for its closure."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class ClosureArchive(Base):
    """An archive that was asked for on the page, made by a worker."""

    __tablename__ = "closure_archives"
    __table_args__ = (
        Index("idx_closure_archives_asked_by", "asked_by"),
        Index(
            "uq_closure_archives_under_way",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_closure_archives_sha256"),
        CheckConstraint(
            "(sha256 IS NULL) = (size_bytes IS NULL) AND (sha256 IS NULL) = (files IS NULL)"
            " AND (sha256 IS NULL) = (expires_at IS NULL)",
            name="check_closure_archives_file",
        ),
        CheckConstraint(
            "(finished_at IS NULL AND sha256 IS NULL AND problem IS NULL)"
            " OR (finished_at IS NOT NULL AND (sha256 IS NULL) <> (problem IS NULL))",
            name="check_closure_archives_outcome",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the archive."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    students_done: Mapped[int] = mapped_column(server_default=text("0"))
    """How many students are in it so far."""
    students_total: Mapped[int] = mapped_column(server_default=text("0"))
    """Of how many."""
    finished_at: Mapped[datetime | None]
    """When it was whole, or it was clear that there is none."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why there is none."""
    missing: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """What could not be put into it, in words."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    """The stored file."""
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""
    files: Mapped[int | None]
    """How many files are in it."""
    expires_at: Mapped[datetime | None]
    """Until when it can be downloaded."""
