"""Files of the file store, and who relies on them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class StoredFileRow(Base):
    """A file that was claimed at least once and has not gone. One that nobody claims goes after a grace time."""

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_stored_files_sha256"),
        CheckConstraint("size_bytes >= 0", name="check_stored_files_size_bytes"),
    )

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    """The file's name in the file store: SHA-256 of its content, in lower-case hex."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""
    media_type: Mapped[str | None] = mapped_column(Text)
    """What it was first claimed as; equal content may be served as something else."""
    stored_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was first claimed."""


class FileClaim(Base):
    """A row of some room relies on a stored file, which stays until all its claims are released.

    A permanent claim can be neither released, changed nor deleted, and no claim is deleted before it is released.
    """

    __tablename__ = "file_claims"
    __table_args__ = (
        Index("idx_file_claims_sha256", "sha256"),
        Index(
            "uq_file_claims_owner",
            "owner_room",
            "owner_row",
            "sha256",
            "retention",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        CheckConstraint(
            "retention IN ('temporary', 'normal', 'permanent')", name="check_file_claims_retention"
        ),
        CheckConstraint(
            "retention <> 'permanent' OR released_at IS NULL", name="check_file_claims_permanent"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Claim number."""
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256", ondelete="RESTRICT"))
    """The file."""
    owner_room: Mapped[str] = mapped_column(Text)
    """Who relies on it: a room's table or use, such as `content.packages`."""
    owner_row: Mapped[str] = mapped_column(Text)
    """The key of the row there."""
    retention: Mapped[str] = mapped_column(Text, server_default=text("'normal'"))
    """`temporary` (a week at most), `normal` (until it is released) or `permanent`."""
    claimed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was claimed."""
    released_at: Mapped[datetime | None]
    """When the owner gave it up; empty while it holds."""
