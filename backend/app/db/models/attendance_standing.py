"""How each active enrollment stands in attendance, worked out every hour."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AttendanceStanding(Base):
    """The measures of one enrollment as they last were. Derived from the records; a job writes them every hour."""

    __tablename__ = "attendance_standings"
    __table_args__ = (
        Index("idx_attendance_standings_attendance_pct", "attendance_pct", "enrollment_id"),
        Index(
            "idx_attendance_standings_at_risk",
            "attendance_pct",
            "enrollment_id",
            postgresql_where=text("reasons <> '{}'"),
        ),
        Index("idx_attendance_standings_policy_id", "policy_id"),
    )

    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The enrollment."""
    last_attended_on: Mapped[date | None]
    """Last day with minutes, at the school."""
    attended_minutes: Mapped[int]
    """All minutes of the closed records."""
    scheduled_minutes: Mapped[int]
    """Minutes that the enrollment's classes have met so far."""
    attendance_pct: Mapped[Decimal | None] = mapped_column(Numeric(7, 1))
    """Attended of scheduled; empty where nothing was scheduled."""
    absences: Mapped[int]
    """Scheduled days without attendance and without excuse, within the policy's days."""
    consecutive_absences: Mapped[int]
    """The last of them in a row."""
    excused: Mapped[int]
    """Excused days without attendance, within the policy's days."""
    tardies: Mapped[int]
    """Late arrivals within the policy's days."""
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """The rules that put the student on the at-risk list, as sentences; empty for who is not on it."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("school_policies.id", ondelete="CASCADE"))
    """The attendance policy with these thresholds."""
    computed_at: Mapped[datetime]
    """When it was worked out."""
