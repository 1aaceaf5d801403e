"""What the roster of a class meeting says of each student."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class ClassAttendance(Base):
    """One student at one meeting of a class, as an instructor marked it."""

    __tablename__ = "class_attendance"
    __table_args__ = (
        Index(
            "uq_class_attendance_class_id_enrollment_id_starts_at",
            "class_id",
            "enrollment_id",
            "starts_at",
            unique=True,
        ),
        Index("idx_class_attendance_enrollment_id", "enrollment_id", "starts_at"),
        Index("idx_class_attendance_attendance_id", "attendance_id"),
        Index("idx_class_attendance_marked_by", "marked_by"),
        Index("idx_class_attendance_unsettled", "ends_at", postgresql_where=text("settled_at IS NULL")),
        CheckConstraint("ends_at > starts_at", name="check_class_attendance_times"),
        CheckConstraint(
            "mark IN ('present', 'late', 'left_early', 'absent', 'excused')",
            name="check_class_attendance_mark",
        ),
        CheckConstraint(
            "arrived_at BETWEEN starts_at AND ends_at AND left_at IS NULL"
            " OR left_at BETWEEN starts_at AND ends_at AND coalesce(arrived_at BETWEEN starts_at AND left_at, true)"
            " OR arrived_at IS NULL AND left_at IS NULL",
            name="check_class_attendance_within",
        ),
        CheckConstraint(
            "CASE mark WHEN 'late' THEN arrived_at IS NOT NULL AND left_at IS NULL"
            " WHEN 'left_early' THEN left_at IS NOT NULL"
            " ELSE arrived_at IS NULL AND left_at IS NULL END",
            name="check_class_attendance_shape",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the mark."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="RESTRICT"))
    """The class."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The student's enrollment."""
    starts_at: Mapped[datetime]
    """When the meeting was scheduled to begin; with the class it names the meeting."""
    ends_at: Mapped[datetime]
    """When it was scheduled to end."""
    mark: Mapped[str | None] = mapped_column(String(10))
    """present, late, left_early, absent or excused; empty after it was taken back."""
    arrived_at: Mapped[datetime | None]
    """When a late student came."""
    left_at: Mapped[datetime | None]
    """When a student left who did not stay to the end."""
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id", ondelete="SET NULL"))
    """The time entry that counts for this meeting: one of the roster's own, or the student's own clock."""
    note: Mapped[str | None] = mapped_column(Text)
    """Why, for example, an absence is excused."""
    marked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who marked it last."""
    marked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    settled_at: Mapped[datetime | None]
    """When the hours that the mark counts were worked out; empty while the meeting goes on."""
