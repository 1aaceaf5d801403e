"""Refunds."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Refund(Base):
    """What the school owes after a withdrawal; due within 45 days (GNPEC Standard 12)."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("idx_refunds_withdrawal_id", "withdrawal_id"),
        Index("idx_refunds_approved_by", "approved_by"),
        CheckConstraint("amount_cents >= 0", name="check_refunds_amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Refund number."""
    withdrawal_id: Mapped[int] = mapped_column(ForeignKey("withdrawals.id", ondelete="RESTRICT"))
    """The withdrawal it follows from; one with a refund cannot be removed."""
    amount_cents: Mapped[int]
    """Amount in cents."""
    policy_basis: Mapped[str | None] = mapped_column(Text)
    """The rule and the figures the amount follows from."""
    approved_at: Mapped[datetime | None]
    """When it was approved."""
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who approved it."""
    remitted_at: Mapped[datetime | None]
    """When the money left."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
