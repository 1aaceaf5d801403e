"""What a SCORM lesson reports: one row a student, SCO and attempt, and the log of commits behind it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class ScormData(Base):
    """The state of one attempt at one SCO. Reported by the content, so evidence of work and not proof."""

    __tablename__ = "scorm_data"
    __table_args__ = (
        Index("idx_scorm_data_user_id", "user_id"),
        Index("idx_scorm_data_lesson_id", "lesson_id"),
        Index("idx_scorm_data_enrollment_id", "enrollment_id"),
        Index("idx_scorm_data_package_id", "package_id"),
        Index(
            "uq_scorm_data_attempt",
            "user_id",
            "enrollment_id",
            "lesson_id",
            "package_id",
            "sco_id",
            "attempt_no",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("attempt_no >= 1", name="check_scorm_data_attempt_no"),
        CheckConstraint("total_seconds >= 0", name="check_scorm_data_total_seconds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="RESTRICT"))
    """The lesson."""
    cmi_core_lesson_status: Mapped[str | None] = mapped_column(String(50))
    """`cmi.core.lesson_status`: not attempted, browsed, incomplete, completed, failed or passed; only improves."""
    cmi_core_score_raw: Mapped[int | None]
    """`cmi.core.score.raw`, rounded to a whole number."""
    cmi_core_score_max: Mapped[int | None]
    """`cmi.core.score.max`, rounded to a whole number."""
    cmi_suspend_data: Mapped[str | None] = mapped_column(Text)
    """`cmi.suspend_data`, never shortened."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When the content last reported."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment the work counts for."""
    package_id: Mapped[int | None] = mapped_column(ForeignKey("content_packages.id", ondelete="RESTRICT"))
    """The version of the package it was done in."""
    sco_id: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Identifier of the SCO's item in the manifest."""
    attempt_no: Mapped[int] = mapped_column(server_default=text("1"))
    """1 for the first attempt; a new one follows a finished one."""
    score_raw: Mapped[Decimal | None] = mapped_column(Numeric)
    """`cmi.core.score.raw`, exactly as reported, of the best score of the attempt; compared with thresholds."""
    score_min: Mapped[Decimal | None] = mapped_column(Numeric)
    """`cmi.core.score.min`, exactly as reported."""
    score_max: Mapped[Decimal | None] = mapped_column(Numeric)
    """`cmi.core.score.max`, exactly as reported."""
    score_pct: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """The score in percent: (raw − min) / (max − min), the best of the attempt, rounded for showing."""
    score_scaled: Mapped[Decimal | None] = mapped_column(Numeric)
    """`cmi.score.scaled` of SCORM 2004, exactly as reported, from −1 to 1."""
    completion_status: Mapped[str | None] = mapped_column(String(20))
    """`cmi.completion_status` of SCORM 2004: completed, incomplete, not attempted or unknown."""
    success_status: Mapped[str | None] = mapped_column(String(20))
    """`cmi.success_status` of SCORM 2004: passed, failed or unknown."""
    location: Mapped[str | None] = mapped_column(Text)
    """`cmi.core.lesson_location`: the content's bookmark."""
    exit: Mapped[str | None] = mapped_column(String(20))
    """`cmi.core.exit` of the last session; `suspend` means that the attempt goes on."""
    total_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    """Session times added up, each capped by the time that really passed."""
    cmi: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """The whole data model as last reported."""
    started_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    """When the attempt began."""
    finished_at: Mapped[datetime | None]
    """When the content finished it for good (a Finish without `suspend`)."""


class ScormCourse(Base):
    """Where a student stands in a SCORM 2004 course as a whole: what its sequencing knows of its parts together."""

    __tablename__ = "scorm_courses"
    __table_args__ = (
        Index("uq_scorm_courses_enrollment", "enrollment_id", "package_id", unique=True),
        Index("idx_scorm_courses_package_id", "package_id"),
        CheckConstraint(
            "status IN ('not attempted', 'incomplete', 'failed', 'completed', 'passed')",
            name="check_scorm_courses_status",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment the work counts for."""
    package_id: Mapped[int] = mapped_column(ForeignKey("content_packages.id", ondelete="RESTRICT"))
    """The version of the package."""
    status: Mapped[str] = mapped_column(String(20))
    """What the parts amount to together by the rules of the course, the best of all sessions."""
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """The current part, what is tracked of each part, and the global objectives."""
    stores: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """What the parts keep for each other (`adl.data` of the 4th edition), by the name of the store."""
    created_at: Mapped[CreatedAt]
    """When the course was opened first."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When something changed last."""


class ScormCommit(Base):
    """One commit as it arrived: the raw history behind `scorm_data`."""

    __tablename__ = "scorm_commits"
    __table_args__ = (
        Index("uq_scorm_commits_launch_seq", "launch_id", "seq", unique=True),
        Index("idx_scorm_commits_scorm_data_id", "scorm_data_id"),
        Index("idx_scorm_commits_received_at", "received_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    launch_id: Mapped[str] = mapped_column(ForeignKey("launches.id", ondelete="CASCADE"))
    """The launch it came from."""
    scorm_data_id: Mapped[int] = mapped_column(ForeignKey("scorm_data.id", ondelete="CASCADE"))
    """The attempt it belongs to."""
    seq: Mapped[int]
    """Number of the commit within the launch; the same number again changes nothing."""
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it arrived."""
    finish: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it ended the session."""
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what was sent, to tell a repetition from other data under the same number."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The parts of the data model that changed with this commit, as sent."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
