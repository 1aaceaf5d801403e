"""Payment plans: what a student agreed to pay on which day. What is paid is in the ledger alone."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class PaymentPlan(Base):
    """A plan for one enrollment. It is proposed, agreed to, and replaced by another one; never edited."""

    __tablename__ = "payment_plans"
    __table_args__ = (
        Index("uq_payment_plans_request", "request", unique=True),
        Index(
            "uq_payment_plans_proposed",
            "enrollment_id",
            unique=True,
            postgresql_where=text("agreed_at IS NULL AND ended_at IS NULL"),
        ),
        Index(
            "uq_payment_plans_in_force",
            "enrollment_id",
            unique=True,
            postgresql_where=text("agreed_at IS NOT NULL AND ended_at IS NULL"),
        ),
        Index("idx_payment_plans_enrollment_id", "enrollment_id"),
        Index("idx_payment_plans_student_id", "student_id"),
        Index("idx_payment_plans_supersedes_id", "supersedes_id"),
        Index("idx_payment_plans_created_by", "created_by"),
        Index("idx_payment_plans_ended_by", "ended_by"),
        CheckConstraint("total_cents > 0", name="check_payment_plans_total"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_because IS NULL) AND"
            " ended_because IN ('superseded', 'canceled', 'enrollment_ended')",
            name="check_payment_plans_ended",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the plan."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Whose plan it is."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment that is paid for."""
    total_cents: Mapped[int] = mapped_column(BigInteger)
    """What is paid in all; the database refuses installments that do not add up to it."""
    after_transaction: Mapped[int] = mapped_column(BigInteger)
    """The last ledger transaction when the plan was made: what is posted later pays the plan."""
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The payment plan policy of the day the plan was made: what a late installment costs."""
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("payment_plans.id", ondelete="RESTRICT"))
    """The plan that it replaces."""
    request: Mapped[uuid.UUID]
    """Names the act, so that a form sent twice makes one plan."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who proposed it."""
    created_at: Mapped[CreatedAt]
    """When."""
    agreed_at: Mapped[datetime | None]
    """When the student agreed to it; none while it is a proposal."""
    ended_at: Mapped[datetime | None]
    """Since when it is no longer in force."""
    ended_because: Mapped[str | None] = mapped_column(Text)
    """superseded, canceled or enrollment_ended."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who ended it."""


class PaymentPlanInstallment(Base):
    """One installment of a plan. Whether it is paid follows from the ledger."""

    __tablename__ = "payment_plan_installments"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="check_payment_plan_installments_amount"),
        Index("idx_payment_plan_installments_due_on", "due_on"),
    )

    plan_id: Mapped[int] = mapped_column(
        ForeignKey("payment_plans.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The plan."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1 for the first that is due."""
    due_on: Mapped[date]
    """The last day at the school on which it is paid on time."""
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    """What is due."""


class PaymentPlanReminder(Base):
    """That a student was reminded of an installment, before it was due or after."""

    __tablename__ = "payment_plan_reminders"
    __table_args__ = (
        CheckConstraint("kind IN ('before', 'after')", name="check_payment_plan_reminders_kind"),
    )

    plan_id: Mapped[int] = mapped_column(
        ForeignKey("payment_plans.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The plan."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The installment."""
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """before or after it was due."""
    sent_at: Mapped[CreatedAt]
    """When."""
