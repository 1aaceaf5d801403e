"""Leaves of absence: rows of their own, so that an enrollment stays active through one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class LeaveOfAbsence(Base):
    """A student's leave of absence: asked for by the student or recorded by the office, decided, and ended."""

    __tablename__ = "leaves_of_absence"
    __table_args__ = (
        UniqueConstraint("request", name="uq_leaves_of_absence_request"),
        Index("idx_leaves_of_absence_enrollment_id", "enrollment_id"),
        Index("idx_leaves_of_absence_user_id", "user_id"),
        Index("idx_leaves_of_absence_entered_by", "entered_by"),
        Index("idx_leaves_of_absence_decided_by", "decided_by"),
        Index("idx_leaves_of_absence_ended_by", "ended_by"),
        Index(
            "idx_leaves_of_absence_open",
            "return_on",
            "id",
            postgresql_where=text("state IN ('requested', 'approved')"),
        ),
        CheckConstraint(
            "state IN ('requested', 'approved', 'declined', 'canceled', 'returned', 'withdrawn')",
            name="check_leaves_of_absence_state",
        ),
        CheckConstraint("starts_on < return_on", name="check_leaves_of_absence_days"),
        CheckConstraint("returned_on >= starts_on", name="check_leaves_of_absence_returned_on"),
        CheckConstraint(
            "(state = 'returned') = (returned_on IS NOT NULL)", name="check_leaves_of_absence_returned"
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'declined', 'returned') OR decided_at IS NOT NULL",
            name="check_leaves_of_absence_decided",
        ),
        ExcludeConstraint(
            ("enrollment_id", "="),
            (text("daterange(starts_on, LEAST(return_on, returned_on))"), "&&"),
            using="gist",
            where=text("state IN ('requested', 'approved', 'returned')"),
            name="ex_leaves_of_absence_days",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Leave number."""
    request: Mapped[UUID]
    """Number of the page it was sent from: one sent twice is one leave."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment, which stays active."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    state: Mapped[str] = mapped_column(Text)
    """requested, approved, declined, canceled, returned, or withdrawn (the enrollment ended during the leave)."""
    reason: Mapped[str] = mapped_column(Text)
    """Why the student is away, which may be medical."""
    starts_on: Mapped[date]
    """First day of the leave."""
    return_on: Mapped[date]
    """The day on which the student is expected back: the first day after the leave."""
    returned_on: Mapped[date | None]
    """The day on which they were back."""
    requested_at: Mapped[datetime]
    """When the request arrived or was recorded."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The student, or who recorded it for them."""
    decided_at: Mapped[datetime | None]
    """When it was approved or declined."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who approved or declined it."""
    decision_note: Mapped[str | None] = mapped_column(Text)
    """What the student was informed of with the decision."""
    ended_at: Mapped[datetime | None]
    """When the return was recorded, the leave canceled or the enrollment ended."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who recorded that."""
    reminded_on: Mapped[date | None]
    """The return day that the student was reminded of; an extension gets another reminder."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
