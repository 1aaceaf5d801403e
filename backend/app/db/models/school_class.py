"""Classes: when and where a program or module is taught, by whom, and who sits in it."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, Text, Time, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class SchoolClass(Base):
    """A class (section) of a program, or of one of its modules, from its first to its last day."""

    __tablename__ = "classes"
    __table_args__ = (
        Index("idx_classes_program_id", "program_id"),
        Index("idx_classes_module_id", "module_id"),
        Index("uq_classes_code", text("lower(code)"), unique=True),
        CheckConstraint("ends_on >= starts_on", name="check_classes_days"),
        CheckConstraint("capacity > 0", name="check_classes_capacity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Class number."""
    code: Mapped[str] = mapped_column(String(40))
    """Short name on schedules, such as DA-2026-03-M; unique, whatever its case."""
    name: Mapped[str] = mapped_column(String(255))
    """Name of the class."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program it teaches."""
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id", ondelete="RESTRICT"))
    """The one module it teaches; empty for the whole program."""
    starts_on: Mapped[date] = mapped_column(Date)
    """First day of the term."""
    ends_on: Mapped[date] = mapped_column(Date)
    """Last day of the term."""
    room: Mapped[str | None] = mapped_column(String(80))
    """Where it meets."""
    capacity: Mapped[int | None]
    """Seats; empty for no limit."""
    created_at: Mapped[CreatedAt]
    """When the class was entered."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When the class last changed."""


class ClassMeeting(Base):
    """A weekly meeting, by the clock on the school's wall."""

    __tablename__ = "class_meetings"
    __table_args__ = (
        Index("idx_class_meetings_class_id", "class_id"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="check_class_meetings_weekday"),
        CheckConstraint("ends_at > starts_at", name="check_class_meetings_times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Meeting number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"))
    """The class that meets."""
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """0 for Monday to 6 for Sunday."""
    starts_at: Mapped[time] = mapped_column(Time)
    """When it begins, in the school's zone."""
    ends_at: Mapped[time] = mapped_column(Time)
    """When it ends, in the school's zone."""


class ClassChange(Base):
    """A day on which a class does not meet as every week."""

    __tablename__ = "class_changes"
    __table_args__ = (
        Index("idx_class_changes_class_id", "class_id"),
        Index(
            "uq_class_changes_one_a_day",
            "class_id",
            "day",
            unique=True,
            postgresql_where=text("kind <> 'extra'"),
        ),
        CheckConstraint("kind IN ('cancelled', 'moved', 'extra')", name="check_class_changes_kind"),
        CheckConstraint(
            "(kind = 'moved') = (new_day IS NOT NULL)"
            " AND (kind = 'cancelled') = (starts_at IS NULL) AND (starts_at IS NULL) = (ends_at IS NULL)",
            name="check_class_changes_shape",
        ),
        CheckConstraint("ends_at > starts_at", name="check_class_changes_times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Change number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"))
    """The class."""
    kind: Mapped[str] = mapped_column(String(20))
    """cancelled (nothing that day), moved (to another day, time or room) or extra."""
    day: Mapped[date] = mapped_column(Date)
    """The day that changes; of an extra meeting, its day."""
    new_day: Mapped[date | None] = mapped_column(Date)
    """Where a moved meeting went."""
    starts_at: Mapped[time | None] = mapped_column(Time)
    """When the moved or extra meeting begins, in the school's zone."""
    ends_at: Mapped[time | None] = mapped_column(Time)
    """When it ends, in the school's zone."""
    room: Mapped[str | None] = mapped_column(String(80))
    """Its room; empty for that of the class."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why, for those who read the schedule."""


class ClassInstructor(Base):
    """Who teaches a class, and from when until when; it is what lets them see its students."""

    __tablename__ = "class_instructors"
    __table_args__ = (
        Index("idx_class_instructors_class_id", "class_id"),
        Index("idx_class_instructors_user_id", "user_id"),
        CheckConstraint("ends_on >= starts_on", name="check_class_instructors_days"),
        ExcludeConstraint(
            ("class_id", "="),
            ("user_id", "="),
            (func.daterange(text("starts_on"), text("ends_on"), text("'[]'")), "&&"),
            name="ex_class_instructors_once",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Assignment number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"))
    """The class."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The instructor."""
    starts_on: Mapped[date] = mapped_column(Date)
    """First day."""
    ends_on: Mapped[date | None] = mapped_column(Date)
    """Last day; empty while it lasts."""


class ClassSeat(Base):
    """A student's place in a class, for one of their enrollments."""

    __tablename__ = "class_seats"
    __table_args__ = (
        Index("idx_class_seats_class_id", "class_id"),
        Index("idx_class_seats_enrollment_id", "enrollment_id"),
        CheckConstraint("ends_on >= starts_on", name="check_class_seats_days"),
        ExcludeConstraint(
            ("class_id", "="),
            ("enrollment_id", "="),
            (func.daterange(text("starts_on"), text("ends_on"), text("'[]'")), "&&"),
            name="ex_class_seats_once",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Seat number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="RESTRICT"))
    """The class."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment whose student sits here."""
    starts_on: Mapped[date] = mapped_column(Date)
    """First day."""
    ends_on: Mapped[date | None] = mapped_column(Date)
    """Last day; empty while it lasts. The end of the enrollment ends it."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
