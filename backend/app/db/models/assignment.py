"""Assignments: what students hand in for a lesson, until when, what they handed in, and how it was graded."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Assignment(Base):
    """A lesson for which students hand something in."""

    __tablename__ = "assignments"
    __table_args__ = (Index("uq_assignments_lesson_id", "lesson_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Assignment number."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson."""
    created_at: Mapped[CreatedAt]
    """When it was entered."""


class AssignmentVersion(Base):
    """What an assignment asks for. Versions are never changed; a hand-in is graded by the one it was made for."""

    __tablename__ = "assignment_versions"
    __table_args__ = (
        Index("uq_assignment_versions_version", "assignment_id", "version", unique=True),
        Index("idx_assignment_versions_created_by", "created_by"),
        CheckConstraint("version >= 1", name="check_assignment_versions_version"),
        CheckConstraint(
            "jsonb_typeof(criteria) = 'array' AND jsonb_array_length(criteria) > 0",
            name="check_assignment_versions_criteria",
        ),
        CheckConstraint(
            "jsonb_typeof(kinds) = 'array' AND jsonb_array_length(kinds) > 0",
            name="check_assignment_versions_kinds",
        ),
        CheckConstraint("max_bytes > 0", name="check_assignment_versions_max_bytes"),
        CheckConstraint("max_files BETWEEN 1 AND 20", name="check_assignment_versions_max_files"),
        CheckConstraint("late IN ('accept', 'reduce', 'refuse')", name="check_assignment_versions_late"),
        CheckConstraint("late_pct BETWEEN 0 AND 100", name="check_assignment_versions_late_pct"),
        CheckConstraint("late_days > 0", name="check_assignment_versions_late_days"),
        CheckConstraint("completes IN ('graded', 'passed')", name="check_assignment_versions_completes"),
        CheckConstraint("pass_pct BETWEEN 1 AND 100", name="check_assignment_versions_pass_pct"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the version."""
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"))
    """The assignment."""
    version: Mapped[int]
    """1 for the first, then counting up; the highest is in use."""
    instructions: Mapped[str] = mapped_column(Text)
    """What is to be done, in Markdown."""
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The rubric: criteria with their levels and points, as `app.rules.skills` reads them."""
    kinds: Mapped[list[str]] = mapped_column(JSONB)
    """Kinds of files that are taken: picture, pdf, office, text, film, sound."""
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    """The most bytes of all files of a hand-in together."""
    max_files: Mapped[int] = mapped_column(SmallInteger)
    """The most files of a hand-in."""
    late: Mapped[str] = mapped_column(String(20))
    """What is done with late work: accept, reduce (by late_pct a day) or refuse."""
    late_pct: Mapped[int] = mapped_column(SmallInteger)
    """Percentage points that each started day costs."""
    late_days: Mapped[int | None] = mapped_column(SmallInteger)
    """How many days late it is still taken; None for any number."""
    several: Mapped[bool] = mapped_column(Boolean)
    """Whether a student may hand in again until it is due."""
    completes: Mapped[str] = mapped_column(String(20))
    """What completes the lesson: a released grade (graded), or one that passes (passed)."""
    pass_pct: Mapped[int] = mapped_column(SmallInteger)
    """Percent of the points that pass."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it."""
    created_at: Mapped[CreatedAt]
    """When."""


class AssignmentDue(Base):
    """Until when the students of a class hand in."""

    __tablename__ = "assignment_dues"
    __table_args__ = (
        Index("idx_assignment_dues_class_id", "class_id"),
        Index("idx_assignment_dues_set_by", "set_by"),
    )

    assignment_id: Mapped[int] = mapped_column(
        ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True
    )
    """The assignment."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True)
    """The class."""
    due_at: Mapped[datetime]
    """The moment."""
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who set it last."""


class AssignmentAllowance(Base):
    """What one student is allowed beside the others: more time, another hand-in. The history has what was before."""

    __tablename__ = "assignment_allowances"
    __table_args__ = (
        Index("idx_assignment_allowances_enrollment_id", "enrollment_id"),
        Index("idx_assignment_allowances_granted_by", "granted_by"),
        CheckConstraint(
            "due_at IS NOT NULL OR again_after IS NOT NULL", name="check_assignment_allowances_something"
        ),
    )

    assignment_id: Mapped[int] = mapped_column(
        ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True
    )
    """The assignment."""
    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True
    )
    """The student's enrollment."""
    due_at: Mapped[datetime | None]
    """Until when this student hands in."""
    again_after: Mapped[int | None]
    """The number of the hand-in after which the student may hand in once more, at any time."""
    reason: Mapped[str] = mapped_column(Text)
    """Why."""
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who allowed it."""
    granted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""


class HandIn(Base):
    """What a student handed in at one moment. Never changed but for whether it waits; handing in again is
    another row."""

    __tablename__ = "hand_ins"
    __table_args__ = (
        Index("uq_hand_ins_request", "request", unique=True),
        Index("uq_hand_ins_number", "assignment_id", "enrollment_id", "number", unique=True),
        Index("idx_hand_ins_enrollment_id", "enrollment_id"),
        Index("idx_hand_ins_version_id", "version_id"),
        Index("idx_hand_ins_waiting", "handed_in_at", postgresql_where=text("waits")),
        CheckConstraint("number >= 1", name="check_hand_ins_number"),
        CheckConstraint("late_days >= 0", name="check_hand_ins_late_days"),
        CheckConstraint("deduction_pct BETWEEN 0 AND 100", name="check_hand_ins_deduction_pct"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Hand-in number."""
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="RESTRICT"))
    """The assignment."""
    version_id: Mapped[int] = mapped_column(ForeignKey("assignment_versions.id", ondelete="RESTRICT"))
    """The version that was in use."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The student's enrollment."""
    number: Mapped[int]
    """1 for the student's first, then counting up."""
    request: Mapped[uuid.UUID]
    """The form that it came by: sent twice, it is one hand-in."""
    note: Mapped[str | None] = mapped_column(Text)
    """What the student wrote with it."""
    due_at: Mapped[datetime | None]
    """When it was due for this student at that moment."""
    late_days: Mapped[int] = mapped_column(server_default=text("0"))
    """Days that it was late, each started one."""
    deduction_pct: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Percentage points that this costs."""
    waits: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    """Whether it waits to be graded; not once it is graded or replaced."""
    handed_in_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was received."""


class HandInFile(Base):
    """One file of a hand-in."""

    __tablename__ = "hand_in_files"
    __table_args__ = (
        Index("uq_hand_in_files_place", "hand_in_id", "place", unique=True),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_hand_in_files_sha256"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the file."""
    hand_in_id: Mapped[int] = mapped_column(ForeignKey("hand_ins.id", ondelete="CASCADE"))
    """The hand-in."""
    place: Mapped[int] = mapped_column(SmallInteger)
    """Its place, from 1."""
    name: Mapped[str] = mapped_column(Text)
    """What the student called it, with the ending of its kind."""
    media_type: Mapped[str] = mapped_column(Text)
    """What it is, by its content."""
    sha256: Mapped[str] = mapped_column(String(64))
    """The file in the file store."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""


class HandInGrade(Base):
    """How a hand-in was graded. Never changed but for its release; grading again is another row."""

    __tablename__ = "hand_in_grades"
    __table_args__ = (
        Index("uq_hand_in_grades_request", "request", unique=True),
        Index("idx_hand_in_grades_hand_in_id", "hand_in_id"),
        Index("idx_hand_in_grades_graded_by", "graded_by"),
        CheckConstraint(
            "jsonb_typeof(marks) = 'array' AND jsonb_array_length(marks) > 0",
            name="check_hand_in_grades_marks",
        ),
        CheckConstraint("points BETWEEN 0 AND points_possible", name="check_hand_in_grades_points"),
        CheckConstraint("score_pct BETWEEN 0 AND 100", name="check_hand_in_grades_score_pct"),
        CheckConstraint(
            "num_nonnulls(file_name, file_type, file_sha256, file_bytes) IN (0, 4)",
            name="check_hand_in_grades_file",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the grade."""
    hand_in_id: Mapped[int] = mapped_column(ForeignKey("hand_ins.id", ondelete="CASCADE"))
    """The hand-in."""
    request: Mapped[uuid.UUID]
    """The form that it came by: sent twice, it is one grade."""
    marks: Mapped[list[int]] = mapped_column(JSONB)
    """Points for each criterion of the version, in order."""
    points: Mapped[int]
    """Their sum."""
    points_possible: Mapped[int]
    """The most points that the version gives."""
    score_pct: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    """The score in percent, less what late work costs; rounded once."""
    passed: Mapped[bool]
    """Whether it passes by the version's rule."""
    comment: Mapped[str | None] = mapped_column(Text)
    """What the student reads with it."""
    file_name: Mapped[str | None] = mapped_column(Text)
    """Name of the file that is returned, such as the student's with notes in it."""
    file_type: Mapped[str | None] = mapped_column(Text)
    """What it is, by its content."""
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    """The returned file in the file store."""
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""
    graded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who graded it."""
    graded_by_name: Mapped[str] = mapped_column(Text)
    """Their name at the time."""
    graded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    released_at: Mapped[datetime | None]
    """When the student was let see it; empty while it is a draft."""
