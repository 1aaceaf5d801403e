"""Payments at a provider's page: what was begun here, and what the provider said about it."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class PaymentCheckout(Base):
    """A payment that a student began at a provider's page."""

    __tablename__ = "payment_checkouts"
    __table_args__ = (
        Index("uq_payment_checkouts_request", "request", unique=True),
        Index("uq_payment_checkouts_session", "provider", "session_id", unique=True),
        Index("uq_payment_checkouts_transaction_id", "transaction_id", unique=True),
        Index("idx_payment_checkouts_student_id", "student_id"),
        Index("idx_payment_checkouts_enrollment_id", "enrollment_id"),
        Index("idx_payment_checkouts_reference", "provider", "reference"),
        CheckConstraint("amount_cents > 0", name="check_payment_checkouts_amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the checkout."""
    provider: Mapped[str] = mapped_column(Text)
    """Which provider: stripe."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who pays."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The program that is paid for."""
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    """What is to be paid, in US dollars; a message with another amount is not posted."""
    request: Mapped[uuid.UUID]
    """Names the act here and at the provider."""
    session_id: Mapped[str | None] = mapped_column(Text)
    """The provider’s name for it; none while the provider has not answered."""
    reference: Mapped[str | None] = mapped_column(Text)
    """The provider’s name for the money that came."""
    transaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_transactions.id", ondelete="RESTRICT")
    )
    """The payment in the ledger; none while it is not paid."""
    created_at: Mapped[CreatedAt]
    """When it was begun."""


class PaymentEvent(Base):
    """A verified message of a provider, once, whatever became of it."""

    __tablename__ = "payment_events"
    __table_args__ = (
        Index("uq_payment_events_event_id", "provider", "event_id", unique=True),
        Index("idx_payment_events_checkout_id", "checkout_id"),
        Index(
            "idx_payment_events_reference",
            "provider",
            "reference",
            postgresql_where=text("checkout_id IS NULL"),
        ),
        Index(
            "idx_payment_events_waiting",
            "received_at",
            postgresql_where=text(
                "handled_at IS NULL AND outcome IN ('unknown', 'differs', 'refused', 'taken_back')"
            ),
        ),
        CheckConstraint(
            "outcome IN ('posted', 'nothing', 'failed', 'unknown', 'differs', 'refused', 'taken_back')",
            name="check_payment_events_outcome",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the message."""
    provider: Mapped[str] = mapped_column(Text)
    """Which provider."""
    event_id: Mapped[str] = mapped_column(Text)
    """The provider’s name for the message."""
    type: Mapped[str] = mapped_column(Text)
    """What the provider calls it."""
    outcome: Mapped[str] = mapped_column(Text)
    """posted, nothing, failed; or, for the bursar to look at: unknown, differs, refused, taken_back."""
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("payment_checkouts.id", ondelete="RESTRICT"))
    """The checkout it is about."""
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    """The amount in the message."""
    reference: Mapped[str | None] = mapped_column(Text)
    """The provider’s name for the money; of a refund or dispute, its own name after a space."""
    received_at: Mapped[CreatedAt]
    """When it came."""
    handled_at: Mapped[datetime | None]
    """When the bursar had dealt with it."""
