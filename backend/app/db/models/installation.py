"""What this installation is called, and how far the history's subscribers have come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt
from app.db.types import Xid8


class Installation(Base):
    """The one row that says who this installation is, wherever it is reached. Fixed at its first start."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="check_installation_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    """Always 1."""
    uuid: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    """Namespace of the identifiers that are derived from the history."""
    home_page: Mapped[str] = mapped_column(Text)
    """The address that names the school, its accounts and its activities in statements."""
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts the database servers it has lived on; see `audit_log.generation`."""
    created_at: Mapped[CreatedAt]
    """When it was first started."""
    sealed_hash_key: Mapped[str | None] = mapped_column(Text)
    """The key of hashes that outlive SECRET_KEY, sealed under SECRET_KEY; see `app.core.hash_key`."""


class HistoryCursor(Base):
    """How far a subscriber has followed the history. Written in the transaction of what the subscriber does."""

    __tablename__ = "history_cursors"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    """The subscriber."""
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    """`audit_log.generation` of the last entry it has followed."""
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("'0'::xid8"))
    """Its `xid`."""
    entry_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Its number."""
    first_entry_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Entries up to this number are from before the subscriber's time, and are never its business."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """How often in a row it has failed."""
    failed_entry_id: Mapped[int | None] = mapped_column(BigInteger)
    """The entry at which it failed; nothing behind it is followed until this one succeeds."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """Why it failed."""
    retry_at: Mapped[datetime | None]
    """When it tries again."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it last came further, or failed."""
