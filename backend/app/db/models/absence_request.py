"""Absences that students report, and whether the school excused them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AbsenceRequest(Base):
    """An absence that a student reports and asks to have excused. What they wrote stays as it was sent."""

    __tablename__ = "absence_requests"
    __table_args__ = (
        UniqueConstraint("request", name="uq_absence_requests_request"),
        Index("idx_absence_requests_user_id", "user_id", "id"),
        Index("idx_absence_requests_enrollment_id", "enrollment_id", "starts_on"),
        Index("idx_absence_requests_class_id", "class_id"),
        Index("idx_absence_requests_decided_by", "decided_by"),
        Index("idx_absence_requests_waiting", "requested_at", postgresql_where=text("state = 'requested'")),
        Index("idx_absence_requests_excused", "ends_on", postgresql_where=text("state = 'excused'")),
        CheckConstraint(
            "state IN ('requested', 'excused', 'not_excused', 'withdrawn')",
            name="check_absence_requests_state",
        ),
        CheckConstraint("starts_on <= ends_on", name="check_absence_requests_days"),
        CheckConstraint(
            "(class_id IS NULL) = (meeting_at IS NULL) AND (class_id IS NULL OR starts_on = ends_on)",
            name="check_absence_requests_meeting",
        ),
        CheckConstraint(
            "(state IN ('excused', 'not_excused')) = (decided_at IS NOT NULL)",
            name="check_absence_requests_decided",
        ),
        CheckConstraint("decided_by <> user_id", name="check_absence_requests_two_people"),
        CheckConstraint("state <> 'not_excused' OR note IS NOT NULL", name="check_absence_requests_note"),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="check_absence_requests_withdrawn"
        ),
        CheckConstraint(
            "num_nonnulls(evidence_sha256, evidence_type, evidence_bytes) IN (0, 3)",
            name="check_absence_requests_evidence",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the report."""
    request: Mapped[UUID]
    """Number of the page it was sent from: one sent twice is one report."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment whose classes they miss."""
    starts_on: Mapped[date]
    """First day of the absence."""
    ends_on: Mapped[date]
    """Last day, which is part of it."""
    class_id: Mapped[int | None] = mapped_column(ForeignKey("classes.id", ondelete="RESTRICT"))
    """The class, where the absence is from one of its meetings; empty for every meeting of the days."""
    meeting_at: Mapped[datetime | None]
    """When that meeting begins."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in the student's words; it may be medical."""
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the document that goes with it."""
    evidence_type: Mapped[str | None] = mapped_column(Text)
    """Its media type."""
    evidence_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""
    state: Mapped[str] = mapped_column(Text, server_default=text("'requested'"))
    """requested, excused, not_excused, or withdrawn by the student."""
    requested_at: Mapped[datetime]
    """When it was reported."""
    decided_at: Mapped[datetime | None]
    """When it was decided."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    note: Mapped[str | None] = mapped_column(Text)
    """What the student is informed of with the decision."""
    withdrawn_at: Mapped[datetime | None]
    """When the student withdrew it."""
