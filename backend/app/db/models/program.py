"""Programs, their modules and lessons: what the school teaches."""

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, Numeric, String, Text, false, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, CreatedAt


class Program(Base):
    """A certificate or degree program."""

    __tablename__ = "programs"
    __table_args__ = (
        CheckConstraint("tuition_amount_cents >= 0", name="check_programs_tuition"),
        CheckConstraint("clock_hours >= 0", name="check_programs_clock_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Program number."""
    name: Mapped[str] = mapped_column(String(255))
    """The program's name as it stands in the catalog."""
    description: Mapped[str | None] = mapped_column(Text)
    """What the catalog says of it."""
    total_credits: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Credit hours of the whole program."""
    duration_weeks: Mapped[int | None]
    """Expected time to complete, in weeks."""
    tuition_amount_cents: Mapped[int | None]
    """Tuition in cents."""
    clock_hours: Mapped[int | None]
    """Clock hours a student must attend to graduate; None where the program counts credits alone."""
    created_at: Mapped[CreatedAt]
    """When the program was entered."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When the program last changed."""

    modules: Mapped[list["Module"]] = relationship(
        back_populates="program", order_by="(Module.order_num, Module.id)", passive_deletes=True
    )


class Module(Base):
    """A course module within a program."""

    __tablename__ = "modules"
    __table_args__ = (Index("idx_modules_program_id", "program_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Module number."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """The program it belongs to."""
    name: Mapped[str] = mapped_column(String(255))
    """Name of the module."""
    order_num: Mapped[int]
    """Place within the program, from 1."""
    description: Mapped[str | None] = mapped_column(Text)
    """What it covers."""
    created_at: Mapped[CreatedAt]
    """When the module was entered."""

    program: Mapped[Program] = relationship(back_populates="modules")
    lessons: Mapped[list["Lesson"]] = relationship(
        back_populates="module", order_by="(Lesson.order_num, Lesson.id)", passive_deletes=True
    )


class ContentType(enum.StrEnum):
    """How a lesson is given."""

    H5P = "h5p"
    SCORM = "scorm"
    VIDEO = "video"
    DOCUMENT = "document"


class Lesson(Base):
    """A lesson within a module."""

    __tablename__ = "lessons"
    __table_args__ = (
        Index("idx_lessons_module_id", "module_id"),
        CheckConstraint("passing_score_pct BETWEEN 0 AND 100", name="check_lessons_passing_score"),
        CheckConstraint("estimated_minutes > 0", name="check_lessons_estimated_minutes"),
        CheckConstraint("required_percent BETWEEN 1 AND 100", name="check_lessons_required_percent"),
        Index("idx_lessons_after_lesson_id", "after_lesson_id"),
        CheckConstraint("after_lesson_id <> id", name="check_lessons_after_lesson_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Lesson number."""
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id", ondelete="CASCADE"))
    """The module it belongs to."""
    title: Mapped[str] = mapped_column(String(255))
    """Title of the lesson."""
    content_type: Mapped[ContentType] = mapped_column(
        Enum(
            ContentType,
            name="lesson_content_type",
            values_callable=lambda labels: [label.value for label in labels],
        )
    )
    """h5p, scorm, video or document."""
    content_url: Mapped[str | None] = mapped_column(String(512))
    """Address of a video or document that is not uploaded; what is uploaded is in content_packages."""
    order_num: Mapped[int]
    """Place within the module, from 1."""
    estimated_minutes: Mapped[int | None]
    """About how long the lesson takes, in minutes."""
    passing_score_pct: Mapped[int | None]
    """Score in percent that completes the lesson; None means the content's own status decides."""
    required_percent: Mapped[int | None]
    """Share of an uploaded video, recording or document that completes the lesson; None: 90, of a document 100."""
    optional: Mapped[bool] = mapped_column(server_default=false())
    """Whether progress leaves it out: it may be taken, and need not."""
    opens_on: Mapped[date | None]
    """The first day on which students open it, at the school; empty for any."""
    after_lesson_id: Mapped[int | None] = mapped_column(ForeignKey("lessons.id", ondelete="SET NULL"))
    """The lesson of the same program that has to be completed before."""
    needs_check: Mapped[bool] = mapped_column(server_default=false())
    """Whether only staff complete it, after a check in person or a proctored one; what its content reports does not."""
    created_at: Mapped[CreatedAt]
    """When the lesson was entered."""

    module: Mapped[Module] = relationship(back_populates="lessons")
