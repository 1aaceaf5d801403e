"""What people do at the school, beside the documented role."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.permissions import Duty
from app.db.base import Base, CreatedAt

_KNOWN = ", ".join(f"'{duty.value}'" for duty in Duty)


class UserDuty(Base):
    """A duty that a person was given. What it allows is written in the program (app/core/permissions.py).

    A row is never removed: one that was ended early keeps its dates and says when it ended. The same duty is not
    given twice for one day.
    """

    __tablename__ = "user_duties"
    __table_args__ = (
        CheckConstraint(f"duty IN ({_KNOWN})", name="check_user_duties_duty"),
        CheckConstraint("ends_on >= starts_on", name="check_user_duties_dates"),
        CheckConstraint("ended_at IS NULL OR end_reason IS NOT NULL", name="check_user_duties_end_reason"),
        ExcludeConstraint(
            ("user_id", "="),
            ("duty", "="),
            (func.daterange(text("starts_on"), text("ends_on"), text("'[]'")), "&&"),
            name="ex_user_duties_overlap",
            using="gist",
            where=text("ended_at IS NULL"),
        ),
        Index("idx_user_duties_user_id", "user_id"),
        Index("idx_user_duties_given_by", "given_by"),
        Index("idx_user_duties_ended_by", "ended_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Who has the duty."""
    duty: Mapped[Duty] = mapped_column(
        Enum(
            Duty,
            native_enum=False,
            create_constraint=False,
            length=20,
            values_callable=lambda labels: [label.value for label in labels],
        )
    )
    """administrator, registrar, admissions, bursar, instructor, evaluator, content_author or auditor."""
    starts_on: Mapped[date]
    """The first day, at the school."""
    ends_on: Mapped[date | None]
    """The last day, at the school; empty for no end."""
    reason: Mapped[str] = mapped_column(Text)
    """Why it was given."""
    given_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who gave it; empty for the system."""
    given_at: Mapped[CreatedAt]
    """When it was given."""
    ended_at: Mapped[datetime | None]
    """When it was ended ahead of its last day; empty while the dates decide."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who ended it; empty for the system."""
    end_reason: Mapped[str | None] = mapped_column(Text)
    """Why it was ended."""
