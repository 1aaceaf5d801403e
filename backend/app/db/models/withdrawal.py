"""Withdrawals, the students' forms that ask for them, and the figures that they froze."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
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
        Index("idx_withdrawals_entered_by", "entered_by"),
        Index("idx_withdrawals_processed_by", "processed_by"),
        CheckConstraint(
            "kind IN ('student', 'administrative', 'school_cancelled', 'cancellation')",
            name="check_withdrawals_kind",
        ),
        CheckConstraint(
            "notice_method IN ('email', 'letter', 'in_person')", name="check_withdrawals_notice_method"
        ),
        CheckConstraint(
            "(notice_method IS NULL) = (notice_on IS NULL)", name="check_withdrawals_notice_whole"
        ),
        CheckConstraint(
            "date_basis IN ('receipt_of_request', 'last_attendance', 'notice', 'determination')",
            name="check_withdrawals_date_basis",
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
    kind: Mapped[str] = mapped_column(Text, server_default="student")
    """student, administrative, school_cancelled, or cancellation (within the time to cancel)."""
    withdrawn_at: Mapped[datetime | None]
    """The moment that the refund goes by: receipt of the request, last attendance, or notice; empty in rows from before
    it was kept, for which requested_at is."""
    date_basis: Mapped[str | None] = mapped_column(Text)
    """What gave withdrawn_at: receipt_of_request, last_attendance, notice, or determination (an act of the school);
    empty in rows from before it was kept."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it or recorded it."""
    processed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who processed it."""
    notice_method: Mapped[str | None] = mapped_column(Text)
    """How the student was notified of an administrative withdrawal: email, letter or in_person."""
    notice_on: Mapped[date | None]
    """The day of that notice, at the school."""
    notice_note: Mapped[str | None] = mapped_column(Text)
    """What proves the notice: an address, a tracking number, who was present."""

    @hybrid_property
    def moment(self) -> datetime:
        """The moment that the withdrawal goes by."""
        return self.withdrawn_at or self.requested_at

    @moment.inplace.expression
    @classmethod
    def _moment(cls) -> ColumnElement[datetime]:
        return func.coalesce(cls.withdrawn_at, cls.requested_at)


class WithdrawalForm(Base):
    """A student's own request to leave, as they sent it (GNPEC Standard 12: a written request). A canceled one stays
    here, and its withdrawal goes."""

    __tablename__ = "withdrawal_forms"
    __table_args__ = (
        UniqueConstraint("request", name="uq_withdrawal_forms_request"),
        Index("idx_withdrawal_forms_enrollment_id", "enrollment_id"),
        Index("idx_withdrawal_forms_user_id", "user_id"),
        Index("idx_withdrawal_forms_withdrawal_id", "withdrawal_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Form number."""
    request: Mapped[UUID]
    """Number of the page it was sent from: one sent twice is one request."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment that the student asks to end."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    withdrawal_id: Mapped[int | None] = mapped_column(ForeignKey("withdrawals.id", ondelete="SET NULL"))
    """The withdrawal it became; empty when it was canceled."""
    reason: Mapped[str] = mapped_column(Text)
    """The student's reason."""
    acknowledged: Mapped[str] = mapped_column(Text)
    """The sentence that the student agreed to, with the refund as it was shown."""
    submitted_at: Mapped[datetime]
    """When the school received it."""
    canceled_at: Mapped[datetime | None]
    """When the student canceled it."""


class WithdrawalFigures(Base):
    """What a withdrawal's progress was computed from, as it stood when the withdrawal was processed. Never changed."""

    __tablename__ = "withdrawal_figures"

    withdrawal_id: Mapped[int] = mapped_column(
        ForeignKey("withdrawals.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The withdrawal."""
    completed_minutes: Mapped[int]
    """Minutes completed: attended, and transferred from another school."""
    transferred_minutes: Mapped[int]
    """Of these, the transferred ones."""
    total_minutes: Mapped[int | None]
    """Minutes of the program; empty where it counts no hours."""
    lessons_completed: Mapped[int]
    """Lessons completed."""
    lessons_total: Mapped[int]
    """Lessons of the program."""
    segments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Each part of the program: name, completed_minutes, total_minutes."""
    records: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Each attendance record that counted: id, clock_in, clock_out, minutes."""
    counted_until: Mapped[datetime]
    """Records that began before this moment counted."""
    frozen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the figures were frozen."""
