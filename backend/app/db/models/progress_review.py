"""Satisfactory academic progress: what reviews found, and appeals."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Numeric, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class ProgressReview(Base):
    """What a review at a checkpoint found. Never changed: a granted appeal is a row of its own."""

    __tablename__ = "progress_reviews"
    __table_args__ = (
        Index("uq_progress_reviews_enrollment_id_checkpoint", "enrollment_id", "checkpoint_pct", unique=True),
        Index("idx_progress_reviews_policy_id", "policy_id"),
        Index("idx_progress_reviews_reviewed_by", "reviewed_by"),
        CheckConstraint("state IN ('good', 'warning', 'not_met')", name="check_progress_reviews_state"),
        CheckConstraint("checkpoint_pct BETWEEN 1 AND 100", name="check_progress_reviews_checkpoint"),
        CheckConstraint("gpa BETWEEN 0 AND 4", name="check_progress_reviews_gpa"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Review number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment."""
    checkpoint_pct: Mapped[int]
    """The checkpoint, in percent of the program's length."""
    reviewed_on: Mapped[date] = mapped_column(Date)
    """The day of the review, at the school."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("school_policies.id", ondelete="RESTRICT"))
    """The policy of that day."""
    state: Mapped[str] = mapped_column(String(10))
    """good, warning or not_met; not_met with a granted appeal is probation."""
    attended_minutes: Mapped[int]
    """Minutes attended by that day."""
    scheduled_minutes: Mapped[int]
    """Minutes that the student's classes had met by that day."""
    elapsed_days: Mapped[int]
    """Days since the enrollment began."""
    pace_pct: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    """Attended as a percentage of scheduled; empty while nothing was scheduled."""
    gpa: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    """GPA by that day; empty without a counted grade."""
    explanation: Mapped[str] = mapped_column(Text)
    """What was found, in sentences."""
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who had it done; empty for the system."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""


class ProgressAppeal(Base):
    """A student's appeal against a review that was not met; granted, they are on probation."""

    __tablename__ = "progress_appeals"
    __table_args__ = (
        Index("uq_progress_appeals_review_id", "review_id", unique=True),
        Index("idx_progress_appeals_asked_by", "asked_by"),
        Index("idx_progress_appeals_decided_by", "decided_by"),
        CheckConstraint("outcome IN ('granted', 'denied')", name="check_progress_appeals_outcome"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_progress_appeals_decided"),
        CheckConstraint("decided_by <> asked_by", name="check_progress_appeals_two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Appeal number."""
    review_id: Mapped[int] = mapped_column(ForeignKey("progress_reviews.id", ondelete="CASCADE"))
    """The review."""
    reason: Mapped[str] = mapped_column(Text)
    """What happened and what has changed, in the student's words."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it: the student."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decided_at: Mapped[datetime | None]
    """When it was decided; empty while it waits."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """granted or denied."""
    note: Mapped[str | None] = mapped_column(Text)
    """What was said with the decision."""
