"""Questions, and the quizzes that students take with them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Question(Base):
    """A question of a program's bank; what it asks is in its versions."""

    __tablename__ = "questions"
    __table_args__ = (
        Index("idx_questions_program_id", "program_id"),
        Index("idx_questions_module_id", "module_id"),
        Index("idx_questions_created_by", "created_by"),
        CheckConstraint(
            "kind IN ('choice', 'multiple', 'numeric', 'match', 'order', 'hotspot')",
            name="check_questions_kind",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Question number."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """The program whose bank it is in."""
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id", ondelete="SET NULL"))
    """The module it belongs to; empty for one of the whole program."""
    kind: Mapped[str] = mapped_column(String(20))
    """choice, multiple, numeric, match, order or hotspot."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it."""
    created_at: Mapped[CreatedAt]
    """When it was written."""
    retired_at: Mapped[datetime | None]
    """When it was taken out of the bank; quizzes that were published with it keep it."""


class QuestionVersion(Base):
    """A question as it was at one time. A row never changes; an edit or a corrected key is a row of its own."""

    __tablename__ = "question_versions"
    __table_args__ = (
        UniqueConstraint("question_id", "version", name="uq_question_versions_version"),
        Index("idx_question_versions_corrects", "corrects"),
        Index("idx_question_versions_saved_by", "saved_by"),
        CheckConstraint("version >= 1", name="check_question_versions_version"),
        CheckConstraint("points > 0", name="check_question_versions_points"),
        CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="check_question_versions_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number; what a published quiz names."""
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"))
    """The question."""
    version: Mapped[int]
    """1 for the first, then counting up."""
    prompt: Mapped[str] = mapped_column(Text)
    """What is asked, in Markdown."""
    points: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    """What a wholly right answer is worth."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What the student is shown beside the prompt: options, pairs, steps, areas of a picture."""
    key: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The right answer; it leaves the server only with feedback, and in exported lessons."""
    feedback: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """The explanation that is shown with the right answer."""
    image_sha256: Mapped[str | None] = mapped_column(String(64))
    """The picture of a hotspot question in the file store."""
    image_type: Mapped[str | None] = mapped_column(String(255))
    """What the picture is."""
    corrects: Mapped[int | None] = mapped_column(ForeignKey("question_versions.id", ondelete="CASCADE"))
    """The version whose wrong key this one corrects; answers to that one are graded by this one."""
    edit_version: Mapped[int | None]
    """Of a corrected key, the version that wrote the question; null for one that did so itself."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why the key was corrected."""
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who saved it."""
    saved_at: Mapped[datetime]
    """When it was saved."""


class QuizAttempt(Base):
    """One time that a student takes the quiz of a lesson."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "package_id", "number", name="uq_quiz_attempts_number"),
        Index(
            "uq_quiz_attempts_open",
            "enrollment_id",
            "package_id",
            unique=True,
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index("idx_quiz_attempts_user_id", "user_id"),
        Index("idx_quiz_attempts_lesson_id", "lesson_id"),
        Index("idx_quiz_attempts_package_id", "package_id"),
        Index("idx_quiz_attempts_launch_id", "launch_id"),
        Index(
            "idx_quiz_attempts_deadline",
            "deadline_at",
            postgresql_where=text("submitted_at IS NULL AND deadline_at IS NOT NULL"),
        ),
        CheckConstraint("number >= 1", name="check_quiz_attempts_number"),
        CheckConstraint("ended_by IN ('student', 'time limit')", name="check_quiz_attempts_ended_by"),
        CheckConstraint(
            "num_nonnulls(submitted_at, ended_by, points, points_possible) IN (0, 4)",
            name="check_quiz_attempts_submitted",
        ),
        CheckConstraint("points BETWEEN 0 AND points_possible", name="check_quiz_attempts_points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Attempt number in the school."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment it counts for."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="RESTRICT"))
    """The lesson."""
    package_id: Mapped[int] = mapped_column(ForeignKey("content_packages.id", ondelete="RESTRICT"))
    """The version of the lesson whose quiz it is."""
    launch_id: Mapped[str] = mapped_column(ForeignKey("launches.id", ondelete="CASCADE"))
    """The session of the lesson in which it was last worked on."""
    number: Mapped[int]
    """1 for the student's first attempt at this version, then counting up."""
    seed: Mapped[str] = mapped_column(String(32))
    """What the questions were drawn and shuffled by."""
    drawn: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The questions in the order in which they are asked: the version, and the order of its options."""
    started_at: Mapped[datetime]
    """When it began, by the server's clock."""
    deadline_at: Mapped[datetime | None]
    """When it ends by itself; empty without a time limit."""
    submitted_at: Mapped[datetime | None]
    """When it was submitted; empty while it goes on."""
    ended_by: Mapped[str | None] = mapped_column(String(20))
    """student or time limit."""
    points: Mapped[Decimal | None] = mapped_column(Numeric)
    """Points earned, by the keys that hold now."""
    points_possible: Mapped[Decimal | None] = mapped_column(Numeric)
    """Points of all its questions."""


class QuizAnswer(Base):
    """The newest answer to one question of an attempt."""

    __tablename__ = "quiz_answers"
    __table_args__ = (
        UniqueConstraint("attempt_id", "position", name="uq_quiz_answers_position"),
        Index("idx_quiz_answers_question_version_id", "question_version_id"),
        CheckConstraint("position >= 1", name="check_quiz_answers_position"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    attempt_id: Mapped[int] = mapped_column(ForeignKey("quiz_attempts.id", ondelete="CASCADE"))
    """The attempt."""
    position: Mapped[int]
    """Which of its questions, from 1."""
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_versions.id", ondelete="RESTRICT"))
    """The question as it was asked."""
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What the student answered."""
    seq: Mapped[int] = mapped_column(BigInteger)
    """Counts up with each change; an older one that comes late changes nothing."""
    checked: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the student had it checked, after which it stays."""
    answered_at: Mapped[datetime]
    """When it was given."""
    points: Mapped[Decimal | None] = mapped_column(Numeric)
    """Points for it by the key that holds now; empty until the attempt is submitted."""


class QuizAccommodation(Base):
    """More time or more attempts for one student, in one lesson or in all."""

    __tablename__ = "quiz_accommodations"
    __table_args__ = (
        Index(
            "uq_quiz_accommodations_in_force",
            "enrollment_id",
            "lesson_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("idx_quiz_accommodations_enrollment_id", "enrollment_id"),
        Index("idx_quiz_accommodations_lesson_id", "lesson_id"),
        Index("idx_quiz_accommodations_granted_by", "granted_by"),
        Index("idx_quiz_accommodations_ended_by", "ended_by"),
        CheckConstraint("extra_time_percent BETWEEN 0 AND 300", name="check_quiz_accommodations_time"),
        CheckConstraint("extra_attempts BETWEEN 0 AND 20", name="check_quiz_accommodations_attempts"),
        CheckConstraint("ended_at IS NOT NULL OR ended_by IS NULL", name="check_quiz_accommodations_ended"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The student's enrollment."""
    lesson_id: Mapped[int | None] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson it is for; empty for every quiz of the program."""
    extra_time_percent: Mapped[int] = mapped_column(server_default=text("0"))
    """More time, in percent of the quiz's time limit."""
    extra_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Attempts beyond the quiz's limit."""
    reason: Mapped[str] = mapped_column(Text)
    """Why it was granted."""
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who granted it."""
    granted_at: Mapped[datetime]
    """From when it holds."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who ended it."""
    ended_at: Mapped[datetime | None]
    """When it ended; empty while it holds."""
