"""Clock hours."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt

# Written as the database prints it, so that a comparison of the two finds no difference.
TOTAL_MINUTES = "(floor((EXTRACT(epoch FROM (clock_out - clock_in)) / (60)::numeric)))::integer"


class Attendance(Base):
    """One time entry of a student, from clock-in to clock-out. Required for state reporting (GNPEC)."""

    __tablename__ = "attendance"
    __table_args__ = (
        Index("idx_attendance_user_id", "user_id"),
        Index("idx_attendance_enrollment_id", "enrollment_id"),
        Index("idx_attendance_clock_in", "clock_in"),
        Index("uq_attendance_one_open", "user_id", unique=True, postgresql_where=text("clock_out IS NULL")),
        Index("idx_attendance_missing_clock_out", "clock_in", postgresql_where=text("missing_clock_out")),
        Index(
            "idx_attendance_unfinished",
            "clock_in",
            "id",
            postgresql_where=text("clock_out IS NULL OR missing_clock_out"),
        ),
        CheckConstraint("clock_out >= clock_in", name="check_attendance_clock_out"),
        CheckConstraint(
            "NOT missing_clock_out OR clock_out = clock_in", name="check_attendance_missing_clock_out"
        ),
        ExcludeConstraint(
            ("user_id", "="),
            (func.tstzrange(text("clock_in"), text("clock_out")), "&&"),
            name="ex_attendance_overlap",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Attendance record number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment the hours count for."""
    clock_in: Mapped[datetime]
    """When the time entry began."""
    clock_out: Mapped[datetime | None]
    """When it ended; empty while the student is clocked in."""
    total_minutes: Mapped[int | None] = mapped_column(Computed(TOTAL_MINUTES, persisted=True))
    """Whole minutes of the time entry; computed by the database from instants, so right across clock changes."""
    missing_clock_out: Mapped[bool] = mapped_column(server_default=text("false"))
    """The clock-out was forgotten: the time entry is closed with no length until the staff correct it."""
    notes: Mapped[str | None] = mapped_column(Text)
    """Remarks of the student or the staff."""
    source: Mapped[str] = mapped_column(String(10), server_default="clock")
    """Where the times come from: clock, kiosk, roster, staff (entered or corrected) or make_up."""
    punched_in: Mapped[datetime | None]
    """The clock-in as it was made, where the policy counted less than the whole time."""
    punched_out: Mapped[datetime | None]
    """The clock-out as it was made, where the policy counted less than the whole time."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
