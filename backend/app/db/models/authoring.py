"""Lessons that are written here: every saved state of their text, and the pictures and films in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class LessonText(Base):
    """A lesson's text and quiz as somebody saved them. A row never changes; the next save is a row of its own.

    What is published is a `ContentPackage` made of one of these rows.
    """

    __tablename__ = "lesson_texts"
    __table_args__ = (
        UniqueConstraint("lesson_id", "version", name="uq_lesson_texts_version"),
        Index("idx_lesson_texts_saved_by", "saved_by"),
        CheckConstraint("version >= 1", name="check_lesson_texts_version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson it is the text of."""
    version: Mapped[int]
    """1 for the first save, then counting up; a save names the one it was made from."""
    body: Mapped[str] = mapped_column(Text)
    """The text in Markdown."""
    quiz: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """Settings of the quiz and the questions of each of its pools; empty without a quiz."""
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who saved it."""
    saved_at: Mapped[datetime]
    """When it was saved."""


class LessonMedia(Base):
    """A picture, film, recording or captions that the text of a lesson may show."""

    __tablename__ = "lesson_media"
    __table_args__ = (
        UniqueConstraint("lesson_id", "name", name="uq_lesson_media_name"),
        Index("idx_lesson_media_uploaded_by", "uploaded_by"),
        Index("idx_lesson_media_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson it belongs to."""
    name: Mapped[str] = mapped_column(String(120))
    """Name by which the text refers to it, such as `hands.png`; lower case, once in a lesson."""
    sha256: Mapped[str] = mapped_column(String(64))
    """The file in the file store."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""
    media_type: Mapped[str] = mapped_column(String(255))
    """What it is, known by its bytes."""
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who uploaded it."""
    uploaded_at: Mapped[datetime]
    """When it was uploaded."""


class LessonMove(Base):
    """A student who was moved to a newer version of a lesson than the one they began."""

    __tablename__ = "lesson_moves"
    __table_args__ = (
        Index("idx_lesson_moves_enrollment_id", "enrollment_id", "lesson_id"),
        Index("idx_lesson_moves_lesson_id", "lesson_id"),
        Index("idx_lesson_moves_package_id", "package_id"),
        Index("idx_lesson_moves_moved_by", "moved_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The student's enrollment."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson."""
    package_id: Mapped[int] = mapped_column(ForeignKey("content_packages.id", ondelete="CASCADE"))
    """The version they are on from then."""
    moved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who moved them."""
    moved_at: Mapped[datetime]
    """When they were moved."""
