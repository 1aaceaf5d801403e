"""Clinical externships."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Externship(Base):
    """A placement of a student at a clinical site."""

    __tablename__ = "externships"
    __table_args__ = (
        Index("idx_externships_user_id", "user_id"),
        Index("idx_externships_verified", "verified"),
        CheckConstraint("total_hours >= 0", name="check_externships_total_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Externship number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    site_name: Mapped[str] = mapped_column(String(255))
    """Where the student works."""
    site_address: Mapped[str | None] = mapped_column(Text)
    """Address of the site."""
    supervisor_name: Mapped[str | None] = mapped_column(String(255))
    """Who supervises the student there."""
    supervisor_email: Mapped[str | None] = mapped_column(String(255))
    """How to reach the supervisor."""
    total_hours: Mapped[int | None] = mapped_column(server_default=text("0"))
    """Hours completed."""
    verified: Mapped[bool | None] = mapped_column(server_default=text("false"))
    """Whether the school has verified the hours."""
    verified_at: Mapped[datetime | None]
    """When it did."""
    verification_doc_url: Mapped[str | None] = mapped_column(String(512))
    """Address of the supporting document."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
