"""The ledger: what students and payers owe, in double entry. Append-only, and balanced by the database."""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt
from app.db.types import Xid8


class LedgerPayer(Base):
    """Somebody other than the student who pays: the VA, a workforce board (WIOA), an employer, a sponsor."""

    __tablename__ = "ledger_payers"
    __table_args__ = (
        Index("uq_ledger_payers_name", func.lower(text("name")), unique=True),
        Index("idx_ledger_payers_created_by", "created_by"),
        CheckConstraint(
            "kind IN ('va', 'wioa', 'employer', 'sponsor', 'other')", name="check_ledger_payers_kind"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the payer."""
    name: Mapped[str] = mapped_column(String(255))
    """What the payer is called."""
    kind: Mapped[str] = mapped_column(Text)
    """va, wioa, employer, sponsor or other."""
    contact: Mapped[str | None] = mapped_column(Text)
    """Whom to write to."""
    ended_at: Mapped[datetime | None]
    """Since when the payer is no longer offered."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered the payer."""
    created_at: Mapped[CreatedAt]
    """When."""


class LedgerAccount(Base):
    """An account of the ledger. Each student and each payer has one of their own; the others are the school's."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        Index("uq_ledger_accounts_code", "code", unique=True),
        Index("uq_ledger_accounts_student_id", "student_id", unique=True),
        Index("uq_ledger_accounts_payer_id", "payer_id", unique=True),
        CheckConstraint(
            "kind IN ('asset', 'liability', 'income', 'expense')", name="check_ledger_accounts_kind"
        ),
        CheckConstraint("num_nonnulls(student_id, payer_id) <= 1", name="check_ledger_accounts_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the account."""
    code: Mapped[str] = mapped_column(Text)
    """`1000` to `5900`; a student’s `1200-17`, a payer’s `1300-4`."""
    name: Mapped[str] = mapped_column(Text)
    """What the account is called."""
    kind: Mapped[str] = mapped_column(Text)
    """asset, liability, income or expense."""
    student_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student whose account it is."""
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_payers.id", ondelete="RESTRICT"))
    """The payer whose account it is."""


class LedgerTransaction(Base):
    """Something that happened to the money. Its postings sum to zero; it is never changed, only reversed."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index("uq_ledger_transactions_request", "request", unique=True),
        Index("uq_ledger_transactions_reverses", "reverses", unique=True),
        Index("idx_ledger_transactions_student_id", "student_id", "booked_on"),
        Index("idx_ledger_transactions_enrollment_id", "enrollment_id"),
        Index("idx_ledger_transactions_payer_id", "payer_id"),
        Index("idx_ledger_transactions_created_by", "created_by"),
        Index("idx_ledger_transactions_booked_on", "booked_on", "id"),
        CheckConstraint(
            "kind IN ('charge', 'payment', 'waiver', 'scholarship', 'payer_billing', 'payer_payment', 'refund',"
            " 'remittance', 'reversal', 'count_difference')",
            name="check_ledger_transactions_kind",
        ),
        CheckConstraint(
            "method IN ('cash', 'check', 'money_order', 'card', 'transfer')",
            name="check_ledger_transactions_method",
        ),
        CheckConstraint(
            "(kind = 'reversal') = (reverses IS NOT NULL)", name="check_ledger_transactions_reverses"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the transaction."""
    kind: Mapped[str] = mapped_column(Text)
    """charge, payment, waiver, scholarship, payer_billing, payer_payment, refund, remittance, reversal or
    count_difference."""
    booked_on: Mapped[date]
    """The day at the school it counts for; never a closed one."""
    student_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student it concerns; none for what a payer pays in one sum and for a count of cash."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment it concerns."""
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_payers.id", ondelete="RESTRICT"))
    """The payer it concerns."""
    memo: Mapped[str] = mapped_column(Text)
    """What it is for, in words; why, of a reversal."""
    method: Mapped[str | None] = mapped_column(Text)
    """How money was handed over: cash, check, money_order, card or transfer."""
    reference: Mapped[str | None] = mapped_column(Text)
    """Number of the check, of the transfer, of the authorization. Never a card’s number."""
    reverses: Mapped[int | None] = mapped_column(ForeignKey("ledger_transactions.id", ondelete="RESTRICT"))
    """The transaction that this one takes back; each is reversed once at most."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who posted it; empty for the system."""
    created_at: Mapped[CreatedAt]
    """When it was posted."""
    created_xid: Mapped[int] = mapped_column(Xid8, server_default=FetchedValue())
    """The database transaction that wrote it: postings come with it or not at all."""
    request: Mapped[uuid.UUID]
    """Names the act, so that sent twice it is posted once."""
    fingerprint: Mapped[str] = mapped_column(Text)
    """SHA-256 of what was asked for: the same request with other figures is refused."""


class LedgerPosting(Base):
    """One line of a transaction: so many cents on an account."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        Index(
            "idx_ledger_postings_account_id",
            "account_id",
            postgresql_include=["amount_cents", "transaction_id"],
        ),
        CheckConstraint("amount_cents <> 0", name="check_ledger_postings_amount"),
    )

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("ledger_transactions.id", ondelete="RESTRICT"), primary_key=True
    )
    """The transaction."""
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Place within it, from 1."""
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id", ondelete="RESTRICT"))
    """The account."""
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    """Debits are positive, credits negative: a student’s account above zero is money owed to the school."""


class LedgerBalance(Base):
    """The balance of a student’s or payer’s account, kept by the database and compared with the postings each night."""

    __tablename__ = "ledger_balances"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("ledger_accounts.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The account."""
    balance_cents: Mapped[int] = mapped_column(BigInteger)
    """The sum of its postings."""
    postings: Mapped[int]
    """How many there are."""


class LedgerReceipt(Base):
    """A signed receipt of a payment; a void one has another beside it."""

    __tablename__ = "ledger_receipts"
    __table_args__ = (Index("idx_ledger_receipts_transaction_id", "transaction_id"),)

    document_id: Mapped[int] = mapped_column(
        ForeignKey("issued_documents.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The receipt in the register of documents."""
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id", ondelete="RESTRICT"))
    """The payment."""


class LedgerClosing(Base):
    """A day whose cash was counted. Whatever is posted later goes to a later day."""

    __tablename__ = "ledger_closings"
    __table_args__ = (Index("idx_ledger_closings_closed_by", "closed_by"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    """The day; it and every earlier one are closed."""
    expected_cents: Mapped[int] = mapped_column(BigInteger)
    """Cash that the ledger says was received since the last closing."""
    counted_cents: Mapped[int] = mapped_column(BigInteger)
    """Cash that was counted."""
    receipts_cents: Mapped[int] = mapped_column(BigInteger)
    """What was received in all, by every method."""
    note: Mapped[str | None] = mapped_column(Text)
    """What was said about a difference."""
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who counted."""
    closed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
