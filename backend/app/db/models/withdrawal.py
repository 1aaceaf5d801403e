"""Withdrawals."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Withdrawal(Base):
    """A student's withdrawal from a program. GNPEC Standard 12 asks for a form for each."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        Index("idx_withdrawals_user_id", "user_id"),
        Index("idx_withdrawals_enrollment_id", "enrollment_id"),
        Index(
            "idx_withdrawals_pending",
            "requested_at",
            "id",
            postgresql_where=text("admin_processed_at IS NULL"),
        ),
        CheckConstraint(
            "progress_pct_at_withdrawal BETWEEN 0 AND 100", name="check_withdrawals_progress_pct"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Withdrawal number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment that ends."""
    requested_at: Mapped[datetime]
    """When the written request arrived."""
    progress_pct_at_withdrawal: Mapped[int | None]
    """Whole percent completed at that time."""
    reason: Mapped[str | None] = mapped_column(Text)
    """The student's reason."""
    admin_notes: Mapped[str | None] = mapped_column(Text)
    """Remarks of the administration."""
    admin_processed_at: Mapped[datetime | None]
    """When the administration finished it; empty while pending."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
