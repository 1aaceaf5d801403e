"""Mail that was or would be sent."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class OutboxMessage(Base):
    """One message to one person."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index("idx_outbox_messages_created_at", "created_at"),
        Index("idx_outbox_messages_requested_by", "requested_by"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Message number."""
    to_address: Mapped[str] = mapped_column(Text)
    """Whom to."""
    subject: Mapped[str] = mapped_column(Text)
    """Subject line."""
    body_text: Mapped[str] = mapped_column(Text)
    """Plain text; a placeholder stands where a one-time link goes."""
    created_at: Mapped[CreatedAt]
    """When it was written."""
    sent_at: Mapped[datetime | None]
    """When the mail server took it."""
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """How often sending was tried."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """Why the last try failed."""
    sealed_link: Mapped[str | None] = mapped_column(Text)
    """The one-time link, encrypted under SECRET_KEY; taken out once it is sent or has expired."""
    link_expires_at: Mapped[datetime | None]
    """When the link stops working."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it; empty for the person addressed and for the system."""
