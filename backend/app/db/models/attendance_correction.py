"""Requests to correct hours, and periods in which hours are closed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AttendanceCorrection(Base):
    """Hours that somebody asks to have corrected or added, and how somebody else decided. What was stays here."""

    __tablename__ = "attendance_corrections"
    __table_args__ = (
        Index("idx_attendance_corrections_user_id", "user_id", "id"),
        Index("idx_attendance_corrections_enrollment_id", "enrollment_id"),
        Index("idx_attendance_corrections_attendance_id", "attendance_id"),
        Index("idx_attendance_corrections_asked_by", "asked_by"),
        Index("idx_attendance_corrections_endorsed_by", "endorsed_by"),
        Index("idx_attendance_corrections_decided_by", "decided_by"),
        Index("idx_attendance_corrections_waiting", "asked_at", postgresql_where=text("decided_at IS NULL")),
        Index(
            "uq_attendance_corrections_open",
            "attendance_id",
            unique=True,
            postgresql_where=text("decided_at IS NULL"),
        ),
        CheckConstraint(
            "kind IN ('change', 'add', 'make_up', 'transfer')", name="check_attendance_corrections_kind"
        ),
        CheckConstraint(
            "CASE kind WHEN 'transfer'"
            " THEN minutes <> 0 AND origin IS NOT NULL AND num_nonnulls(clock_in, clock_out, old_clock_in) = 0"
            " ELSE minutes IS NULL AND origin IS NULL AND num_nonnulls(clock_in, clock_out) = 2 END",
            name="check_attendance_corrections_shape",
        ),
        CheckConstraint("clock_out >= clock_in", name="check_attendance_corrections_times"),
        CheckConstraint("outcome IN ('approved', 'declined')", name="check_attendance_corrections_outcome"),
        CheckConstraint(
            "(decided_at IS NULL) = (outcome IS NULL)", name="check_attendance_corrections_decided"
        ),
        CheckConstraint(
            "decided_by <> asked_by AND decided_by <> user_id", name="check_attendance_corrections_two_people"
        ),
        CheckConstraint(
            "endorsed_by <> asked_by AND endorsed_by <> user_id"
            " AND (endorsed_by <> decided_by OR outcome <> 'approved')",
            name="check_attendance_corrections_three_people",
        ),
        CheckConstraint(
            "num_nonnulls(evidence_sha256, evidence_type, evidence_bytes) IN (0, 3)",
            name="check_attendance_corrections_evidence",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Request number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment the hours count for."""
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id", ondelete="SET NULL"))
    """The attendance record to correct; of added hours, the record that was made when it was approved."""
    kind: Mapped[str] = mapped_column(String(10))
    """change (of a record), add (hours the clock missed), make_up, or transfer (from another school)."""
    old_clock_in: Mapped[datetime | None]
    """Of a change, the clock-in that counted when it was asked for."""
    old_clock_out: Mapped[datetime | None]
    """The clock-out that counted then; empty while the record was open."""
    old_missing: Mapped[bool] = mapped_column(server_default=text("false"))
    """The clock-out had been forgotten."""
    clock_in: Mapped[datetime | None]
    """The clock-in that is asked for."""
    clock_out: Mapped[datetime | None]
    """The clock-out that is asked for; the same as the clock-in for no hours."""
    minutes: Mapped[int | None]
    """Of transferred hours, how many minutes; negative to take some back."""
    origin: Mapped[str | None] = mapped_column(String(255))
    """Of transferred hours, the school they come from."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in the words of who asked."""
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the document that goes with it."""
    evidence_type: Mapped[str | None] = mapped_column(Text)
    """Its media type."""
    evidence_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    endorsed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who approved it first, where the period is closed and two people approve."""
    endorsed_at: Mapped[datetime | None]
    """When."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decided_at: Mapped[datetime | None]
    """When."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """approved or declined."""
    note: Mapped[str | None] = mapped_column(Text)
    """What the person who decided adds."""


class AttendanceClosing(Base):
    """All hours up to a day are final from now on: only a correction that two people approve changes them."""

    __tablename__ = "attendance_closings"
    __table_args__ = (
        Index("uq_attendance_closings_through", "through", unique=True),
        Index("idx_attendance_closings_ends_at", "ends_at"),
        Index("idx_attendance_closings_closed_by", "closed_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the closing."""
    through: Mapped[date]
    """The last day that is closed, at the school."""
    ends_at: Mapped[datetime]
    """The instant at which that day ended; a record that began before is closed."""
    note: Mapped[str | None] = mapped_column(Text)
    """What the person who closed it adds."""
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who closed it."""
    closed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
