"""What became of graduates: one record of employment after another, none of them ever changed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class EmploymentOutcome(Base):
    """What was known of a graduate's employment when it was recorded. A later record supersedes it."""

    __tablename__ = "employment_outcomes"
    __table_args__ = (
        Index("idx_employment_outcomes_enrollment_id", "enrollment_id"),
        Index("idx_employment_outcomes_recorded_by", "recorded_by"),
        UniqueConstraint("supersedes_id", name="uq_employment_outcomes_supersedes"),
        Index(
            "uq_employment_outcomes_first",
            "enrollment_id",
            unique=True,
            postgresql_where=text("supersedes_id IS NULL"),
        ),
        CheckConstraint(
            "status IN ('in_field', 'out_of_field', 'unavailable', 'seeking')",
            name="check_employment_outcomes_status",
        ),
        CheckConstraint(
            "status NOT IN ('in_field', 'out_of_field')"
            " OR (employer IS NOT NULL AND title IS NOT NULL AND since IS NOT NULL)",
            name="check_employment_outcomes_employed",
        ),
        CheckConstraint(
            "(status = 'unavailable') = (reason IS NOT NULL)", name="check_employment_outcomes_reason"
        ),
        CheckConstraint("supersedes_id <> id", name="check_employment_outcomes_self"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the record."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The completed enrollment."""
    status: Mapped[str] = mapped_column(String(20))
    """in_field, out_of_field, unavailable, or seeking while it is pending."""
    employer: Mapped[str | None] = mapped_column(Text)
    """Who employs the graduate."""
    title: Mapped[str | None] = mapped_column(Text)
    """As what."""
    since: Mapped[date | None]
    """Since when, or from which day on the status holds."""
    reason: Mapped[str | None] = mapped_column(String(30))
    """Why the graduate is unavailable."""
    evidence: Mapped[str] = mapped_column(Text)
    """How the school knows, and where the evidence is kept."""
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who recorded it."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    supersedes_id: Mapped[int | None] = mapped_column(
        ForeignKey("employment_outcomes.id", ondelete="CASCADE")
    )
    """The record that this one takes the place of."""
