"""Admissions: applications, and the documents that applicants and students bring."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class AdmissionKind(Base):
    """A kind of document that the school asks for."""

    __tablename__ = "admission_kinds"
    __table_args__ = (Index("uq_admission_kinds_name", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the kind."""
    name: Mapped[str] = mapped_column(Text)
    """Such as CPR certification."""
    help: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """What the student should send, in a sentence."""
    expires: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether such a document has a last day, without which it is not accepted."""
    position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Its place in lists, the lowest first."""
    archived_at: Mapped[datetime | None]
    """When it was last asked for; empty while it is."""
    created_at: Mapped[CreatedAt]
    """When it was added."""


class AdmissionRequirement(Base):
    """A program requires a kind of document; without a program, every program does."""

    __tablename__ = "admission_requirements"
    __table_args__ = (
        Index(
            "uq_admission_requirements_kind_id",
            "kind_id",
            "program_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("idx_admission_requirements_program_id", "program_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    kind_id: Mapped[int] = mapped_column(ForeignKey("admission_kinds.id", ondelete="CASCADE"))
    """The kind."""
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """The program; empty for every program."""


class AdmissionDocument(Base):
    """A document that a student brought. Its file stays; one that was accepted stays permanently."""

    __tablename__ = "admission_documents"
    __table_args__ = (
        Index("idx_admission_documents_user_id", "user_id", "kind_id"),
        Index("idx_admission_documents_kind_id", "kind_id"),
        Index("idx_admission_documents_uploaded_by", "uploaded_by"),
        Index("idx_admission_documents_checked_by", "checked_by"),
        Index(
            "idx_admission_documents_expires_on", "expires_on", postgresql_where=text("state = 'accepted'")
        ),
        Index(
            "idx_admission_documents_waiting",
            "received_at",
            "id",
            postgresql_where=text("state = 'received'"),
        ),
        CheckConstraint(
            "state IN ('received', 'accepted', 'rejected')", name="check_admission_documents_state"
        ),
        CheckConstraint(
            "(state = 'received') = (checked_at IS NULL)", name="check_admission_documents_checked"
        ),
        CheckConstraint(
            "(state = 'rejected') = (rejection IS NOT NULL)", name="check_admission_documents_rejection"
        ),
        CheckConstraint("expires_on > issued_on", name="check_admission_documents_days"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_admission_documents_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the document."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose it is."""
    kind_id: Mapped[int] = mapped_column(ForeignKey("admission_kinds.id", ondelete="RESTRICT"))
    """What it is."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Stored file."""
    media_type: Mapped[str] = mapped_column(Text)
    """application/pdf, image/jpeg or image/png."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""
    issued_on: Mapped[date | None]
    """The day on it."""
    expires_on: Mapped[date | None]
    """The last day on which it counts; empty for one that does not end."""
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who sent it in: the student, or the office."""
    received_at: Mapped[CreatedAt]
    """When it came."""
    state: Mapped[str] = mapped_column(Text, server_default=text("'received'"))
    """received, accepted or rejected."""
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who checked it."""
    checked_at: Mapped[datetime | None]
    """When it was checked."""
    rejection: Mapped[str | None] = mapped_column(Text)
    """Why it was rejected, in a sentence for the student."""
    reminded_days: Mapped[int | None] = mapped_column(SmallInteger)
    """How many days before its end the last reminder was due: 60, 30 or 7."""


class Application(Base):
    """Somebody asks to come to the school. One application waits for a program at a time."""

    __tablename__ = "applications"
    __table_args__ = (
        Index("idx_applications_user_id", "user_id"),
        Index(
            "uq_applications_open",
            "user_id",
            "program_id",
            unique=True,
            postgresql_where=text("state IN ('new', 'documents')"),
        ),
        Index("idx_applications_program_id", "program_id"),
        Index("idx_applications_state", "state"),
        Index("idx_applications_decided_by", "decided_by"),
        Index("idx_applications_enrollment_id", "enrollment_id"),
        Index("idx_applications_created_by", "created_by"),
        CheckConstraint(
            "state IN ('new', 'documents', 'accepted', 'declined', 'withdrawn')",
            name="check_applications_state",
        ),
        CheckConstraint(
            "(state IN ('new', 'documents')) = (decided_at IS NULL)", name="check_applications_decided"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the application."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Who applies: an account of a student, which nobody signs in with before they are accepted."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program they want."""
    wanted_start: Mapped[date | None]
    """When they want to begin."""
    source: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """How they heard of the school."""
    state: Mapped[str] = mapped_column(Text, server_default=text("'new'"))
    """new, documents (waits for them), accepted, declined or withdrawn."""
    applied_at: Mapped[CreatedAt]
    """When they applied."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it."""
    decided_at: Mapped[datetime | None]
    """When it was decided or withdrawn."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    reason: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Why, for the record."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="SET NULL"))
    """The enrollment that followed."""
