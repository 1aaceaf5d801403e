"""Enrollments, and the lessons completed within them."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, CreatedAt

if TYPE_CHECKING:
    from app.db.models.program import Program
    from app.db.models.user import User


class EnrollmentStatus(enum.StrEnum):
    """Where an enrollment stands."""

    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Enrollment(Base):
    """One student in one program."""

    __tablename__ = "enrollments"
    __table_args__ = (
        Index("idx_enrollments_user_id", "user_id"),
        Index("idx_enrollments_program_id", "program_id"),
        Index("idx_enrollments_status", "status"),
        Index(
            "uq_enrollments_one_active",
            "user_id",
            "program_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("idx_enrollments_enrolled_at", "enrolled_at", "id"),
        Index(
            "idx_enrollments_done",
            "user_id",
            "program_id",
            postgresql_where=text("status = 'active' AND progress_pct >= 100"),
        ),
        CheckConstraint("progress_pct >= 0 AND progress_pct <= 100", name="check_progress_pct"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Enrollment number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program."""
    status: Mapped[EnrollmentStatus] = mapped_column(
        Enum(
            EnrollmentStatus,
            name="enrollment_status",
            values_callable=lambda labels: [label.value for label in labels],
        )
    )
    """active, completed or withdrawn; one active enrollment per student and program."""
    enrolled_at: Mapped[date]
    """Date of enrollment, at the school."""
    completed_at: Mapped[date | None]
    """Date of completion, at the school."""
    progress_pct: Mapped[int | None] = mapped_column(server_default=text("0"))
    """Whole percent of the program's lessons completed; written with the event that changed it."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""

    user: Mapped["User"] = relationship(back_populates="enrollments")
    program: Mapped["Program"] = relationship()


class LessonCompletion(Base):
    """A lesson that an enrollment has completed, and by what evidence."""

    __tablename__ = "lesson_completions"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "lesson_id", name="uq_lesson_completions_once"),
        Index("idx_lesson_completions_lesson_id", "lesson_id"),
        CheckConstraint("score_pct BETWEEN 0 AND 100", name="check_lesson_completions_score"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Completion number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment it counts for."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="RESTRICT"))
    """The lesson."""
    completed_at: Mapped[datetime]
    """When it was completed."""
    source: Mapped[str] = mapped_column(String(50))
    """Whose word it is: `content` (reported by the package), `student` (marked as read), `staff`, `grade`
    (an assignment that was graded)."""
    score_pct: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Score in percent, where there is one; the best is kept."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
