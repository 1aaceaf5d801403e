"""Certificates and other credentials: what kinds there are, who has earned which, and what became of it."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, CreatedAt

if TYPE_CHECKING:
    from app.db.models.user import User


class CredentialType(Base):
    """A kind of credential the school awards."""

    __tablename__ = "credential_types"
    __table_args__ = (
        Index("idx_credential_types_program_id", "program_id"),
        Index("uq_credential_types_name", func.lower(text("name")), unique=True),
        CheckConstraint("prefix ~ '^[A-Z]{2,6}$'", name="check_credential_types_prefix"),
        CheckConstraint("validity_months BETWEEN 1 AND 240", name="check_credential_types_validity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the type."""
    name: Mapped[str] = mapped_column(Text)
    """What it certifies, such as `Dental Assistant Certification`."""
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    """What its serial numbers begin with, such as `DAC`."""
    level: Mapped[str] = mapped_column(Text)
    """The credential level as printed (GNPEC Standard 5), such as `Diploma` or `Certificate`."""
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program it is awarded for; empty for one that every program awards, such as CPR."""
    description: Mapped[str] = mapped_column(Text)
    """What it stands for, in a sentence for an employer."""
    criteria: Mapped[str] = mapped_column(Text)
    """What a student does to earn it."""
    validity_months: Mapped[int | None]
    """How long it is valid; empty for one that does not expire."""
    requires_completion: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether only a completed enrollment earns it."""
    archived_at: Mapped[datetime | None]
    """When the school stopped awarding it."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""


class Credential(Base):
    """A credential a student has earned. Permanent: the system may add rows, and neither change nor remove one.

    What the system issued has a row in `credential_issues` beside it; others came from an older system.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        Index("idx_credentials_user_id", "user_id"),
        Index("idx_credentials_program_id", "program_id"),
        Index("idx_credentials_cert_serial", "cert_serial"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Credential number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program."""
    credential_type: Mapped[str] = mapped_column(String(255))
    """What it certifies, such as `Dental Assistant Certification`."""
    cert_serial: Mapped[str | None] = mapped_column(String(100))
    """Serial number on the certificate."""
    issued_at: Mapped[date | None]
    """Date of issue."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""

    user: Mapped["User"] = relationship(back_populates="credentials")


class CredentialIssue(Base):
    """What belongs to a credential that the system issued: diploma, badge, code. Permanent as the credential is."""

    __tablename__ = "credential_issues"
    __table_args__ = (
        Index("idx_credential_issues_type_id", "type_id"),
        Index("idx_credential_issues_enrollment_id", "enrollment_id"),
        Index("idx_credential_issues_expires_on", "expires_on"),
        UniqueConstraint("document_id", name="uq_credential_issues_document_id"),
        UniqueConstraint("code_hash", name="uq_credential_issues_code_hash"),
        UniqueConstraint("replaces_id", name="uq_credential_issues_replaces_id"),
        UniqueConstraint("status_list", "status_index", name="uq_credential_issues_status"),
        CheckConstraint("status_index BETWEEN 0 AND 131071", name="check_credential_issues_status_index"),
    )

    credential_id: Mapped[int] = mapped_column(
        ForeignKey("credentials.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The credential."""
    type_id: Mapped[int] = mapped_column(ForeignKey("credential_types.id", ondelete="RESTRICT"))
    """Its type."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment that earned it."""
    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """The diploma: a numbered, signed document."""
    full_name: Mapped[str] = mapped_column(Text)
    """The student's legal name on the day of issue, as printed."""
    expires_on: Mapped[date | None]
    """The last day it is valid; empty for one that does not expire."""
    code_hash: Mapped[str] = mapped_column(Text)
    """SHA-256 of the code that is printed on it, in hex."""
    badge: Mapped[str] = mapped_column(Text)
    """The Open Badge as it was signed: JSON with its proof."""
    status_list: Mapped[int]
    """Number of the status list that the badge names."""
    status_index: Mapped[int]
    """Its bit in that list, chosen at random."""
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id", ondelete="RESTRICT"))
    """The credential it was issued in place of."""


class CredentialEnding(Base):
    """That a credential was revoked, or another one was issued in its place. Permanent."""

    __tablename__ = "credential_endings"
    __table_args__ = (
        Index("idx_credential_endings_ended_by", "ended_by"),
        Index("idx_credential_endings_replaced_by", "replaced_by"),
        CheckConstraint("kind IN ('revoked', 'superseded')", name="check_credential_endings_kind"),
        CheckConstraint(
            "(kind = 'superseded') = (replaced_by IS NOT NULL)", name="check_credential_endings_replaced"
        ),
    )

    credential_id: Mapped[int] = mapped_column(
        ForeignKey("credentials.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The credential."""
    kind: Mapped[str] = mapped_column(Text)
    """`revoked` or `superseded`."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in the words of whoever did it."""
    ended_at: Mapped[CreatedAt]
    """When."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who; empty for a command of the operator."""
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("credentials.id", ondelete="RESTRICT"))
    """The credential that took its place."""


class CredentialShare(Base):
    """A public page of a credential, which its holder has switched on."""

    __tablename__ = "credential_shares"
    __table_args__ = (
        Index(
            "uq_credential_shares_open",
            "credential_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("idx_credential_shares_credential_id", "credential_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    credential_id: Mapped[int] = mapped_column(ForeignKey("credentials.id", ondelete="RESTRICT"))
    """The credential."""
    slug: Mapped[str] = mapped_column(Text, unique=True)
    """The last part of its address: 80 random bits, known to those whom the holder gives it."""
    created_at: Mapped[CreatedAt]
    """When the holder switched it on."""
    ended_at: Mapped[datetime | None]
    """When it was switched off."""
    views: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was opened."""
    last_viewed_at: Mapped[datetime | None]
    """When it was opened last."""


class CredentialReminder(Base):
    """That a student was reminded of a credential that expires."""

    __tablename__ = "credential_reminders"

    credential_id: Mapped[int] = mapped_column(
        ForeignKey("credentials.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The credential."""
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """How many days before its end the reminder was due."""
    sent_at: Mapped[CreatedAt]
    """When."""


class CredentialOrder(Base):
    """One student in a bulk issue: what became of it."""

    __tablename__ = "credential_orders"
    __table_args__ = (
        UniqueConstraint("batch", "enrollment_id", name="uq_credential_orders_enrollment"),
        Index("idx_credential_orders_type_id", "type_id"),
        Index("idx_credential_orders_enrollment_id", "enrollment_id"),
        Index("idx_credential_orders_class_id", "class_id"),
        Index("idx_credential_orders_asked_by", "asked_by"),
        Index("idx_credential_orders_credential_id", "credential_id"),
        CheckConstraint("state IN ('waiting', 'issued', 'refused')", name="check_credential_orders_state"),
        CheckConstraint(
            "(state = 'issued') = (credential_id IS NOT NULL)", name="check_credential_orders_issued"
        ),
        CheckConstraint(
            "(state = 'refused') = (problem IS NOT NULL)", name="check_credential_orders_refused"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    batch: Mapped[UUID]
    """What was asked for at once."""
    type_id: Mapped[int] = mapped_column(ForeignKey("credential_types.id", ondelete="RESTRICT"))
    """The type of credential."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment."""
    class_id: Mapped[int | None] = mapped_column(ForeignKey("classes.id", ondelete="SET NULL"))
    """The class it was asked for on."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked."""
    asked_at: Mapped[CreatedAt]
    """When."""
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    """`waiting`, `issued` or `refused`."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it was refused."""
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id", ondelete="RESTRICT"))
    """What was issued."""
