"""Enrollment agreements, who signed them, and the fees of a program that they itemize."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt

_WAITING = "status IN ('awaiting_student', 'awaiting_cosigner', 'awaiting_school')"
_SHA256 = "~ '^[0-9a-f]{64}$'"


class ProgramFee(Base):
    """What a program costs beside tuition. A fee is never changed: it ends, and another one begins."""

    __tablename__ = "program_fees"
    __table_args__ = (
        Index(
            "uq_program_fees_name",
            "program_id",
            func.lower(text("name")),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_program_fees_application",
            "program_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND kind = 'application'"),
        ),
        Index("idx_program_fees_program_id", "program_id"),
        Index("idx_program_fees_created_by", "created_by"),
        Index("idx_program_fees_ended_by", "ended_by"),
        CheckConstraint(
            "kind IN ('application', 'fee', 'books', 'kit', 'third_party')", name="check_program_fees_kind"
        ),
        CheckConstraint("amount_cents > 0", name="check_program_fees_amount"),
        CheckConstraint("kind <> 'fee' OR refundable", name="check_program_fees_refundable"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the fee."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """The program."""
    kind: Mapped[str] = mapped_column(Text)
    """application, fee, books, kit or third_party: the types of charge that the rules of refunds tell apart."""
    name: Mapped[str] = mapped_column(String(120))
    """What it is called in the agreement."""
    amount_cents: Mapped[int]
    """Its price in cents."""
    refundable: Mapped[bool]
    """Whether it is refunded. A fee of the school's own always is, but for the application fee (GNPEC Standard 12)."""
    disclosed: Mapped[bool]
    """Whether the catalog names it nonrefundable, as the agreement does."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it."""
    created_at: Mapped[CreatedAt]
    """When."""
    ended_at: Mapped[datetime | None]
    """Since when no new agreement has it."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who ended it."""


class EnrollmentAgreement(Base):
    """An agreement as it was presented, and how far it is signed. Permanent; only its state changes, one way."""

    __tablename__ = "enrollment_agreements"
    __table_args__ = (
        Index("uq_enrollment_agreements_document_id", "document_id", unique=True),
        Index("uq_enrollment_agreements_open", "enrollment_id", unique=True, postgresql_where=text(_WAITING)),
        Index(
            "uq_enrollment_agreements_in_force",
            "enrollment_id",
            unique=True,
            postgresql_where=text("status = 'in_force'"),
        ),
        Index("idx_enrollment_agreements_enrollment_id", "enrollment_id"),
        Index("idx_enrollment_agreements_student_id", "student_id"),
        Index("idx_enrollment_agreements_waiting", "status", "prepared_at", postgresql_where=text(_WAITING)),
        Index("idx_enrollment_agreements_policy_id", "policy_id"),
        Index("idx_enrollment_agreements_prepared_by", "prepared_by"),
        Index("idx_enrollment_agreements_supersedes_id", "supersedes_id"),
        CheckConstraint(
            "status IN ('awaiting_student', 'awaiting_cosigner', 'awaiting_school', 'in_force', 'superseded',"
            " 'void', 'expired')",
            name="check_enrollment_agreements_status",
        ),
        CheckConstraint(
            "cosigner_kind IN ('parent', 'sponsor')", name="check_enrollment_agreements_cosigner"
        ),
        CheckConstraint(
            "num_nulls(cosigner_kind, cosigner_name, cosigner_email) IN (0, 3)",
            name="check_enrollment_agreements_cosigner_whole",
        ),
        CheckConstraint(
            "status IN ('awaiting_student', 'void', 'expired') OR (signed_at IS NOT NULL"
            " AND consented_at IS NOT NULL AND cancellation_until IS NOT NULL)",
            name="check_enrollment_agreements_signed",
        ),
        CheckConstraint(
            "status NOT IN ('in_force', 'superseded') OR countersigned_at IS NOT NULL",
            name="check_enrollment_agreements_countersigned",
        ),
        CheckConstraint(
            "(status IN ('superseded', 'void', 'expired')) = (ended_at IS NOT NULL)",
            name="check_enrollment_agreements_ended",
        ),
        CheckConstraint(
            "(status = 'void') = (void_reason IS NOT NULL)", name="check_enrollment_agreements_void"
        ),
        CheckConstraint(f"shown_sha256 {_SHA256}", name="check_enrollment_agreements_shown"),
        CheckConstraint(f"file_sha256 {_SHA256}", name="check_enrollment_agreements_file"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """Its number in the register of documents, reserved until the school has signed."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student."""
    status: Mapped[str] = mapped_column(Text, server_default=text("'awaiting_student'"))
    """awaiting_student, awaiting_cosigner, awaiting_school, in_force, superseded, void or expired."""
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What was agreed: program, costs item by item, refund policy, disclosures, as the document says it."""
    terms_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the canonical JSON that the file carries."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("school_policies.id", ondelete="RESTRICT"))
    """The version of the school's agreement policy whose disclosures it has."""
    refund_policy: Mapped[str] = mapped_column(Text)
    """The version of the refund policy, such as `gnpec-current`."""
    shown_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file that was presented for signing: the first bytes of every signed one."""
    file_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file with the signatures so far; its name in the file store."""
    cosigner_kind: Mapped[str | None] = mapped_column(Text)
    """parent or sponsor, where somebody else signs, too."""
    cosigner_name: Mapped[str | None] = mapped_column(String(255))
    """Who that is."""
    cosigner_email: Mapped[str | None] = mapped_column(String(255))
    """Where the link goes."""
    supersedes_id: Mapped[int | None] = mapped_column(
        ForeignKey("enrollment_agreements.id", ondelete="RESTRICT")
    )
    """The agreement in whose place it comes once it is in force."""
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who prepared and sent it."""
    prepared_at: Mapped[CreatedAt]
    """When."""
    expires_at: Mapped[datetime]
    """Until when the student and the cosigner can sign."""
    opened_at: Mapped[datetime | None]
    """When the student first opened it."""
    consented_at: Mapped[datetime | None]
    """When the student agreed to electronic records and signatures."""
    signed_at: Mapped[datetime | None]
    """When the student signed: the beginning of the time to cancel, unless it supersedes one signed before."""
    cancellation_until: Mapped[datetime | None]
    """The last instant at which the student can cancel."""
    countersigned_at: Mapped[datetime | None]
    """When the school signed."""
    ended_at: Mapped[datetime | None]
    """When it was superseded or made void, or expired."""
    void_reason: Mapped[str | None] = mapped_column(Text)
    """Why it was made void."""


class AgreementSignature(Base):
    """One signature and its evidence. Never changed."""

    __tablename__ = "agreement_signatures"
    __table_args__ = (
        Index("uq_agreement_signatures_party", "agreement_id", "party", unique=True),
        Index("idx_agreement_signatures_user_id", "user_id"),
        CheckConstraint(
            "party IN ('student', 'cosigner', 'school')", name="check_agreement_signatures_party"
        ),
        CheckConstraint("(party = 'cosigner') = (user_id IS NULL)", name="check_agreement_signatures_user"),
        CheckConstraint(
            "party = 'school' OR (consent IS NOT NULL AND consented_at IS NOT NULL)",
            name="check_agreement_signatures_consent",
        ),
        CheckConstraint(f"shown_sha256 {_SHA256}", name="check_agreement_signatures_shown"),
        CheckConstraint(f"file_sha256 {_SHA256}", name="check_agreement_signatures_file"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    agreement_id: Mapped[int] = mapped_column(ForeignKey("enrollment_agreements.id", ondelete="RESTRICT"))
    """The agreement."""
    party: Mapped[str] = mapped_column(Text)
    """student, cosigner or school."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who signed; a cosigner has no account."""
    typed_name: Mapped[str] = mapped_column(String(255))
    """The name as it was typed."""
    title: Mapped[str | None] = mapped_column(String(255))
    """In what capacity, such as Registrar or parent."""
    consent: Mapped[str | None] = mapped_column(Text)
    """What was agreed to about electronic records."""
    consented_at: Mapped[datetime | None]
    """When."""
    signed_at: Mapped[datetime]
    """When the signature was given."""
    ip: Mapped[str | None] = mapped_column(Text)
    """The network address it came from."""
    user_agent: Mapped[str | None] = mapped_column(Text)
    """The browser it came from."""
    shown_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of exactly the file that was shown."""
    file_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file with this signature."""


class AgreementLink(Base):
    """A cosigner's way in: a secret in an email, whose hash is here."""

    __tablename__ = "agreement_links"
    __table_args__ = (
        Index("uq_agreement_links_token_hash", "token_hash", unique=True),
        Index("idx_agreement_links_agreement_id", "agreement_id"),
        CheckConstraint(f"token_hash {_SHA256}", name="check_agreement_links_token_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    agreement_id: Mapped[int] = mapped_column(ForeignKey("enrollment_agreements.id", ondelete="RESTRICT"))
    """The agreement."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """Hash of the secret."""
    email: Mapped[str] = mapped_column(String(255))
    """Where it was sent."""
    expires_at: Mapped[datetime]
    """Until when it works."""
    created_at: Mapped[CreatedAt]
    """When it was sent."""
    opened_at: Mapped[datetime | None]
    """When it was first opened; empty in newer rows, where nobody notes it."""
    consented_at: Mapped[datetime | None]
    """When the cosigner agreed to electronic records and signatures."""
    used_at: Mapped[datetime | None]
    """When the cosigner signed with it."""
    revoked_at: Mapped[datetime | None]
    """When a newer one took its place."""
