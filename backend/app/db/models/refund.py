"""Refunds: what is owed after a withdrawal, every computation of it, and what was paid out."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt

_SYSTEMS = "due_on IS NULL OR "


class Refund(Base):
    """What the school owes after a withdrawal; due within 45 days (GNPEC Standard 12)."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("idx_refunds_withdrawal_id", "withdrawal_id"),
        Index("idx_refunds_approved_by", "approved_by"),
        Index("idx_refunds_computed_by", "computed_by"),
        Index("idx_refunds_endorsed_by", "endorsed_by"),
        Index("idx_refunds_rejected_by", "rejected_by"),
        Index("idx_refunds_credit_transaction_id", "credit_transaction_id"),
        Index("idx_refunds_letter_id", "letter_id"),
        Index(
            "uq_refunds_withdrawal_id",
            "withdrawal_id",
            unique=True,
            postgresql_where=text("due_on IS NOT NULL"),
        ),
        Index("idx_refunds_waiting", "due_on", "id", postgresql_where=text("remitted_at IS NULL")),
        CheckConstraint("amount_cents >= 0", name="check_refunds_amount"),
        CheckConstraint(
            _SYSTEMS + "((approved_at IS NULL) = (approved_by IS NULL)"
            " AND (remitted_at IS NULL OR approved_at IS NOT NULL)"
            " AND (approved_at IS NULL OR rejected_at IS NULL))",
            name="check_refunds_order",
        ),
        CheckConstraint(
            _SYSTEMS + "(approved_by IS NULL"
            " OR (approved_by IS DISTINCT FROM computed_by AND approved_by IS DISTINCT FROM endorsed_by))",
            name="check_refunds_persons",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Refund number."""
    withdrawal_id: Mapped[int] = mapped_column(ForeignKey("withdrawals.id", ondelete="RESTRICT"))
    """The withdrawal it follows from; one with a refund cannot be removed."""
    amount_cents: Mapped[int]
    """Amount in cents, as last computed."""
    policy_basis: Mapped[str | None] = mapped_column(Text)
    """The rule and the figures the amount follows from."""
    approved_at: Mapped[datetime | None]
    """When it was approved."""
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who approved it; never whoever computed it."""
    remitted_at: Mapped[datetime | None]
    """When the money left; when all of it had, where several are paid."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
    due_on: Mapped[date | None]
    """The last day at the school to pay it; empty for a row that another system wrote."""
    computed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who processed the withdrawal, or computed the refund again."""
    endorsed_at: Mapped[datetime | None]
    """When the first of two approvals was given."""
    endorsed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who gave the first of two approvals."""
    rejected_at: Mapped[datetime | None]
    """When it was sent back; empty once it is computed again."""
    rejected_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who sent it back."""
    rejection: Mapped[str | None] = mapped_column(Text)
    """Why it was sent back."""
    credit_transaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_transactions.id", ondelete="RESTRICT")
    )
    """The credit in the ledger; none where nothing is owed."""
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """The newest letter to the student."""
    warnings: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """How many of the three warnings about the deadline were sent."""


class RefundComputation(Base):
    """One computation of a refund, with all that it was computed from. Never changed; the newest one counts."""

    __tablename__ = "refund_computations"
    __table_args__ = (
        Index("uq_refund_computations_number", "refund_id", "number", unique=True),
        Index("idx_refund_computations_computed_by", "computed_by"),
        CheckConstraint("number > 0", name="check_refund_computations_number"),
        CheckConstraint(
            "amount_cents >= 0 AND other_cents BETWEEN 0 AND amount_cents",
            name="check_refund_computations_amount",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the computation."""
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="RESTRICT"))
    """The refund."""
    number: Mapped[int] = mapped_column(SmallInteger)
    """1 for the first, at the processing of the withdrawal."""
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    computed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who; empty for the system."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was computed again."""
    case_file: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The whole case, as `aada refund preview` takes it."""
    result: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The amount, the day it is due, the lines of the derivation and every setting."""
    assumptions: Mapped[list[str]] = mapped_column(JSONB)
    """Sentences about what was taken from elsewhere than an agreement and the ledger."""
    payees: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Who is paid how much: payer_id (none for the student), name, amount_cents."""
    amount_cents: Mapped[int]
    """The refund in cents."""
    other_cents: Mapped[int]
    """The part of it that is of books, kits and third parties’ costs; the rest is tuition and fees."""


class RefundRemittance(Base):
    """Money of a refund that left the school, to the student or to whoever paid for them."""

    __tablename__ = "refund_remittances"
    __table_args__ = (
        Index(
            "uq_refund_remittances_payee",
            "refund_id",
            func.coalesce(text("payer_id"), text("0")),
            unique=True,
            postgresql_where=text("returned_at IS NULL"),
        ),
        Index("uq_refund_remittances_request", "request", unique=True),
        Index("uq_refund_remittances_transaction_id", "transaction_id", unique=True),
        Index("uq_refund_remittances_return_transaction_id", "return_transaction_id", unique=True),
        Index("idx_refund_remittances_refund_id", "refund_id"),
        Index("idx_refund_remittances_payer_id", "payer_id"),
        Index("idx_refund_remittances_remitted_by", "remitted_by"),
        Index("idx_refund_remittances_returned_by", "returned_by"),
        CheckConstraint("amount_cents > 0", name="check_refund_remittances_amount"),
        CheckConstraint(
            "(returned_at IS NULL) = (return_transaction_id IS NULL)", name="check_refund_remittances_return"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the remittance."""
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="RESTRICT"))
    """The refund; it is approved."""
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_payers.id", ondelete="RESTRICT"))
    """The payer who is paid back; empty for the student."""
    payee: Mapped[str] = mapped_column(String(255))
    """The name that was paid."""
    amount_cents: Mapped[int]
    """So many cents."""
    method: Mapped[str] = mapped_column(Text)
    """cash, check, money_order, card or transfer."""
    reference: Mapped[str | None] = mapped_column(Text)
    """Number of the check or of the transfer."""
    remitted_at: Mapped[datetime]
    """When it left."""
    remitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who paid it out."""
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_transactions.id", ondelete="RESTRICT")
    )
    """The transaction of the ledger, written together with it."""
    request: Mapped[uuid.UUID]
    """Names the act, so that sent twice it is paid once."""
    returned_at: Mapped[datetime | None]
    """When it came back: a check that was returned, a transfer that failed."""
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who recorded that."""
    return_reason: Mapped[str | None] = mapped_column(Text)
    """Why it came back."""
    return_transaction_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("ledger_transactions.id", ondelete="RESTRICT")
    )
    """The reversal in the ledger."""
