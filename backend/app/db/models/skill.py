"""Skills that a program's students are checked off on, the versions of their rubrics, and the attempts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Skill(Base):
    """A skill in the list of a program. What is asked for stands in its versions, of which one is current."""

    __tablename__ = "skills"
    __table_args__ = (
        Index(
            "uq_skills_program_id_name",
            "program_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("idx_skills_program_id", "program_id", "order_num"),
        CheckConstraint("version >= 1", name="check_skills_version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Skill number."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """The program."""
    section: Mapped[str] = mapped_column(String(120))
    """The part of the list, such as Radiography."""
    name: Mapped[str] = mapped_column(String(160))
    """The current version's name; unique among the skills of the program that are in use, whatever its case."""
    version: Mapped[int] = mapped_column(server_default=text("1"))
    """The number of the current version."""
    order_num: Mapped[int]
    """Place in the program's list, from 1."""
    archived_at: Mapped[datetime | None]
    """When it was taken out of the list; empty while it is in it."""
    created_at: Mapped[CreatedAt]
    """When it was added."""


class SkillVersion(Base):
    """What a skill asks for, and the tool it is graded by. Never changed: a change is the next version."""

    __tablename__ = "skill_versions"
    __table_args__ = (
        Index("uq_skill_versions_skill_id_version", "skill_id", "version", unique=True),
        Index("idx_skill_versions_created_by", "created_by"),
        CheckConstraint(
            "jsonb_typeof(criteria) = 'array' AND jsonb_array_length(criteria) > 0",
            name="check_skill_versions_criteria",
        ),
        CheckConstraint("pass_pct BETWEEN 1 AND 100", name="check_skill_versions_pass_pct"),
        CheckConstraint("required_passes BETWEEN 1 AND 20", name="check_skill_versions_required_passes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    skill_id: Mapped[int] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"))
    """The skill."""
    version: Mapped[int]
    """Number of the version, from 1."""
    name: Mapped[str] = mapped_column(String(160))
    """What is done, such as Expose a bitewing radiograph."""
    instructions: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """What the evaluator should know; may be empty."""
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The rubric: text, critical, and levels with label and points, in order."""
    pass_pct: Mapped[int] = mapped_column(SmallInteger)
    """Percent of the points that an attempt needs to pass."""
    required_passes: Mapped[int] = mapped_column(SmallInteger)
    """How many attempts must pass."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it."""
    created_at: Mapped[CreatedAt]
    """When it was written."""


class SkillAttempt(Base):
    """One attempt of a student at a skill, as the evaluator rated it. Never changed; a mistake is voided."""

    __tablename__ = "skill_attempts"
    __table_args__ = (
        Index("uq_skill_attempts_request", "request", unique=True),
        Index("idx_skill_attempts_enrollment_id", "enrollment_id", "skill_id"),
        Index("idx_skill_attempts_skill_id", "skill_id"),
        Index("idx_skill_attempts_version_id", "version_id"),
        Index("idx_skill_attempts_class_id", "class_id"),
        Index("idx_skill_attempts_evaluator_id", "evaluator_id"),
        Index("idx_skill_attempts_recorded_at", "recorded_at", "id"),
        CheckConstraint(
            "jsonb_typeof(marks) = 'array' AND jsonb_array_length(marks) > 0",
            name="check_skill_attempts_marks",
        ),
        CheckConstraint("points BETWEEN 0 AND points_possible", name="check_skill_attempts_points"),
        CheckConstraint("photo_sha256 ~ '^[0-9a-f]{64}$'", name="check_skill_attempts_photo_sha256"),
        CheckConstraint("signature_sha256 ~ '^[0-9a-f]{64}$'", name="check_skill_attempts_signature_sha256"),
        CheckConstraint(
            "(photo_sha256 IS NULL) = (photo_type IS NULL)", name="check_skill_attempts_photo_type"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Attempt number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment whose student it was."""
    skill_id: Mapped[int] = mapped_column(ForeignKey("skills.id", ondelete="RESTRICT"))
    """The skill."""
    version_id: Mapped[int] = mapped_column(ForeignKey("skill_versions.id", ondelete="RESTRICT"))
    """The version of the skill that it was rated by."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="RESTRICT"))
    """The class in which it was."""
    performed_on: Mapped[date] = mapped_column(Date)
    """The day of the attempt, at the school."""
    marks: Mapped[list[int]] = mapped_column(JSONB)
    """Points for each criterion of the version, in order."""
    points: Mapped[int]
    """Their sum."""
    points_possible: Mapped[int]
    """The most points that the version gives."""
    passed: Mapped[bool]
    """Whether it passed by the version's rule."""
    note: Mapped[str | None] = mapped_column(Text)
    """The evaluator's note, which the student reads."""
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    """Evidence: a photo in the file store."""
    photo_type: Mapped[str | None] = mapped_column(Text)
    """image/jpeg or image/png."""
    signature_sha256: Mapped[str | None] = mapped_column(String(64))
    """The evaluator's drawn signature in the file store; empty where they confirmed it by name."""
    evaluator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who rated it."""
    evaluator_name: Mapped[str] = mapped_column(Text)
    """Their name at the time, as they signed."""
    request: Mapped[UUID]
    """The form that it came by: sent twice, it is one attempt."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was recorded."""


class SkillVoid(Base):
    """An attempt that does not count, and why. The attempt stays."""

    __tablename__ = "skill_voids"
    __table_args__ = (
        Index("uq_skill_voids_attempt_id", "attempt_id", unique=True),
        Index("idx_skill_voids_voided_by", "voided_by"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the row."""
    attempt_id: Mapped[int] = mapped_column(ForeignKey("skill_attempts.id", ondelete="CASCADE"))
    """The attempt."""
    reason: Mapped[str] = mapped_column(Text)
    """Why it does not count."""
    voided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who voided it."""
    voided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
