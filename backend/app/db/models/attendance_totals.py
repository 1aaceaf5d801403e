"""Attendance added up. Triggers on `attendance` keep these tables; the system itself only reads them."""

from datetime import date

from sqlalchemy import ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AttendanceDay(Base):
    """The minutes of one enrollment on one day at the school. A day without minutes has no row, or 0."""

    __tablename__ = "attendance_days"

    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True
    )
    """The enrollment."""
    day: Mapped[date] = mapped_column(primary_key=True)
    """The day, in the school's time zone; a record that crosses midnight counts for both days."""
    minutes: Mapped[int]
    """Whole minutes of the closed records."""


class AttendanceStudent(Base):
    """All attendance of one student."""

    __tablename__ = "attendance_students"
    __table_args__ = (Index("idx_attendance_students_minutes", text("minutes DESC"), "user_id"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The student."""
    records: Mapped[int]
    """How many attendance records there are, the open one included."""
    minutes: Mapped[int]
    """Whole minutes of the closed ones."""


class AttendanceSchoolDay(Base):
    """The minutes of all students on one day, in parts: many clock out at once, and each part is a row of its own."""

    __tablename__ = "attendance_school_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    """The day, in the school's time zone."""
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    """The enrollment's number modulo 16."""
    minutes: Mapped[int]
    """Whole minutes; a day's are the sum of its parts."""
