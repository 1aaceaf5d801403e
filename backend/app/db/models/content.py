"""Uploaded packages, their files, and the launches of lessons."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class ContentPackage(Base):
    """One version of a lesson's package. Versions are never changed; a newer one replaces an older."""

    __tablename__ = "content_packages"
    __table_args__ = (
        Index("uq_content_packages_version", "lesson_id", "version", unique=True),
        Index(
            "uq_content_packages_current",
            "lesson_id",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
        Index("idx_content_packages_uploaded_by", "uploaded_by"),
        CheckConstraint("version >= 1", name="check_content_packages_version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Package number."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    """The lesson it is the content of."""
    version: Mapped[int]
    """1 for the first upload to the lesson, then counting up."""
    standard: Mapped[str] = mapped_column(String(20))
    """Which standard it speaks, such as `scorm12`."""
    title: Mapped[str] = mapped_column(Text)
    """Title that the manifest gives."""
    file_name: Mapped[str] = mapped_column(Text)
    """Name of the uploaded file."""
    sha256: Mapped[str] = mapped_column(String(64))
    """The uploaded zip in the file store."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Size of the zip."""
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What was read from the manifest: SCOs, their order and settings."""
    warnings: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """What the importer noticed and let pass, as sentences for the author."""
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who uploaded it."""
    created_at: Mapped[CreatedAt]
    """When it was uploaded."""
    replaced_at: Mapped[datetime | None]
    """When a newer version took its place; empty for the current one."""


class ContentFile(Base):
    """One file of a package. Nothing is unpacked: the path is only a key to a file of the store."""

    __tablename__ = "content_files"
    __table_args__ = (Index("idx_content_files_sha256", "sha256"),)

    package_id: Mapped[int] = mapped_column(
        ForeignKey("content_packages.id", ondelete="CASCADE"), primary_key=True
    )
    """The package."""
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    """Full path below the manifest's folder."""
    sha256: Mapped[str] = mapped_column(String(64))
    """The file in the file store."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""
    media_type: Mapped[str] = mapped_column(String(255))
    """The type it is served as."""


class Launch(Base):
    """A lesson opened by a person: what the content host lets the holder of its token read and write."""

    __tablename__ = "launches"
    __table_args__ = (
        Index("uq_launches_token_hash", "token_hash", unique=True),
        Index("idx_launches_user_id", "user_id"),
        Index("idx_launches_enrollment_id", "enrollment_id"),
        Index("idx_launches_lesson_id", "lesson_id"),
        Index("idx_launches_package_id", "package_id"),
        Index("idx_launches_user_session_id", "user_session_id"),
        Index("idx_launches_credential_id", "credential_id"),
        Index(
            "idx_launches_end_unrecorded",
            "last_seen_at",
            postgresql_where=text("NOT end_recorded AND session_seconds > 0"),
        ),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="check_launches_end"),
        CheckConstraint("state IN ('open', 'closed', 'replaced')", name="check_launches_state"),
        CheckConstraint("preview OR enrollment_id IS NOT NULL", name="check_launches_enrollment"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid.uuid4()))
    """UUID of the launch."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Who opened it."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment it belongs to; empty for a preview by staff."""
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", ondelete="RESTRICT"))
    """The lesson."""
    package_id: Mapped[int] = mapped_column(ForeignKey("content_packages.id", ondelete="RESTRICT"))
    """The version that is played."""
    sco_id: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """The SCO that is played."""
    attempt_no: Mapped[int] = mapped_column(server_default=text("1"))
    """The attempt it belongs to."""
    preview: Mapped[bool] = mapped_column(server_default=text("false"))
    """Nothing is recorded: a preview by staff, or a review after the enrollment was completed."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the launch token; the token itself is kept nowhere."""
    state: Mapped[str] = mapped_column(String(20), server_default=text("'open'"))
    """open, closed (finished) or replaced (the same SCO was opened again)."""
    last_seq: Mapped[int] = mapped_column(server_default=text("0"))
    """Number of the last commit that was taken."""
    session_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    """Time credited to this launch so far."""
    end_recorded: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the history says how long the session was; it is recorded once."""
    created_at: Mapped[CreatedAt]
    """When it was opened."""
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the content last spoke; two idle hours end the launch."""
    expires_at: Mapped[datetime]
    """When it ends in any case."""
    user_session_id: Mapped[int | None] = mapped_column(ForeignKey("user_sessions.id", ondelete="SET NULL"))
    """The sign-in session it was opened in, with which it ends; empty for one opened with an API token."""
    ended_at: Mapped[datetime | None]
    """When it was ended before its time."""
    end_reason: Mapped[str | None] = mapped_column(Text)
    """What ended it: signed_out, password_changed, account_deleted, duty_ended, withdrawn or completed."""
    session_state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """What the standard keeps of the session: for cmi5 and xAPI its registration, activity, and what was said in it."""
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("xapi_credentials.id", ondelete="SET NULL"))
    """The token with which its content writes to the record store; it ends with the launch."""
