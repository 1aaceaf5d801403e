"""Files of people, enrollments and other records that staff import."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class DataImport(Base):
    """One file of records on its way in: what it is, how its columns are read, what became of its rows."""

    __tablename__ = "data_imports"
    __table_args__ = (
        Index("idx_data_imports_created_by", "created_by"),
        Index("idx_data_imports_created_at", "created_at"),
        CheckConstraint(
            "status IN ('checked', 'queued', 'imported', 'undone', 'discarded')",
            name="check_data_imports_status",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    kind: Mapped[str] = mapped_column(Text)
    """What the rows are: `people`, `enrollments`."""
    file_name: Mapped[str] = mapped_column(Text)
    """What the file was called."""
    sha256: Mapped[str] = mapped_column(Text)
    """The file's name in the file store; it is kept until the import is done."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its length in bytes."""
    status: Mapped[str] = mapped_column(Text, server_default=text("'checked'"))
    """`checked` (nothing is imported yet), `queued` (a job will import it), `imported`, `undone` or `discarded`."""
    headers: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """The headings of the file's columns, in order."""
    mapping: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """Which column of the file, from 0, each field is read from."""
    rows_total: Mapped[int] = mapped_column(server_default=text("0"))
    """Rows of the file under its header."""
    rows_bad: Mapped[int] = mapped_column(server_default=text("0"))
    """Rows that cannot be imported as they are."""
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """The first thousand faults: `row`, `field`, `value`, `message`."""
    good_only: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether bad rows are left out; otherwise one bad row stops the whole import."""
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    """How far the job has come, and at the end how many rows were imported."""
    error: Mapped[str | None] = mapped_column(Text)
    """Why nothing was imported, when an attempt failed."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who sent the file; empty for the command line."""
    created_at: Mapped[CreatedAt]
    """When it was sent."""
    imported_at: Mapped[datetime | None]
    """When its rows were imported."""
    undone_at: Mapped[datetime | None]
    """When the import was undone."""


class DataImportRecord(Base):
    """A record that an import made, with a mark of how it was then: only an unchanged one can be undone."""

    __tablename__ = "data_import_records"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("data_imports.id", ondelete="CASCADE"), primary_key=True
    )
    """The import."""
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """The key of the record in the table of its kind."""
    mark: Mapped[str] = mapped_column(Text)
    """MD5 of the record as it was made."""


class DataImportMapping(Base):
    """How a person mapped the columns of a kind of file the last time."""

    __tablename__ = "data_import_mappings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    """Whose choice."""
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """Of which kind of import."""
    headings: Mapped[dict[str, str]] = mapped_column(JSONB)
    """The heading each field was read from."""
