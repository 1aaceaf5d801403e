"""Documents of the school: numbers without a gap, and what was issued under each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class DocumentCounter(Base):
    """The last number given out, by kind and year."""

    __tablename__ = "document_counters"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """Kind of document."""
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Calendar year at the school."""
    last: Mapped[int]
    """The last number."""


class IssuedDocument(Base):
    """One number and the document under it. Permanent; only the status changes, and one way."""

    __tablename__ = "issued_documents"
    __table_args__ = (
        UniqueConstraint("kind", "year", "serial", name="uq_issued_documents_serial"),
        UniqueConstraint("request", name="uq_issued_documents_request"),
        Index("idx_issued_documents_student_id", "student_id"),
        Index("idx_issued_documents_payer_id", "payer_id", postgresql_where=text("payer_id IS NOT NULL")),
        Index("idx_issued_documents_enrollment_id", "enrollment_id"),
        Index("idx_issued_documents_issued_by", "issued_by"),
        Index("idx_issued_documents_signing_key_id", "signing_key_id"),
        Index("idx_issued_documents_replaced_by", "replaced_by"),
        Index("idx_issued_documents_sha256", "sha256"),
        Index("idx_issued_documents_reserved", "created_at", postgresql_where=text("status = 'reserved'")),
        CheckConstraint(
            "status IN ('reserved', 'issued', 'replaced', 'void')", name="check_issued_documents_status"
        ),
        CheckConstraint(
            "status NOT IN ('issued', 'replaced') OR (issued_at IS NOT NULL AND sha256 IS NOT NULL"
            " AND facts_sha256 IS NOT NULL AND size_bytes IS NOT NULL AND signing_key_id IS NOT NULL)",
            name="check_issued_documents_complete",
        ),
        CheckConstraint(
            "(status = 'void') = (void_reason IS NOT NULL)", name="check_issued_documents_void_reason"
        ),
        CheckConstraint(
            "(status = 'replaced') = (replaced_by IS NOT NULL)", name="check_issued_documents_replaced"
        ),
        CheckConstraint("num_nonnulls(student_id, payer_id) = 1", name="check_issued_documents_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    kind: Mapped[str] = mapped_column(Text)
    """Kind of document, such as `enrollment_letter`."""
    year: Mapped[int]
    """Calendar year at the school in which the number was taken."""
    serial: Mapped[int]
    """Counted up within kind and year, without a gap."""
    number: Mapped[str] = mapped_column(Text, unique=True)
    """The number as printed, such as `EV-2026-000012`."""
    status: Mapped[str] = mapped_column(Text, server_default=text("'reserved'"))
    """`reserved` while it is made, then `issued` or `void`; an issued one may become `replaced` or `void`."""
    student_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student whom it is about; NULL where it is a payer's."""
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_payers.id", ondelete="RESTRICT"))
    """The payer whose it is; NULL where it is about a student."""
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment it is about."""
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """Who had it made."""
    request: Mapped[UUID]
    """Names the act of asking for it, so that a form sent twice makes one document."""
    created_at: Mapped[CreatedAt]
    """When the number was taken."""
    issued_at: Mapped[datetime | None]
    """When it was signed and kept."""
    sha256: Mapped[str | None] = mapped_column(Text)
    """SHA-256 of the signed file in hex; its name in the file store."""
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Size of the signed file."""
    facts_sha256: Mapped[str | None] = mapped_column(Text)
    """SHA-256 of the canonical JSON of its facts, which the file carries as an attachment."""
    signing_key_id: Mapped[int | None] = mapped_column(ForeignKey("signing_keys.id", ondelete="RESTRICT"))
    """What it was signed with."""
    ended_at: Mapped[datetime | None]
    """When it was replaced or made void."""
    void_reason: Mapped[str | None] = mapped_column(Text)
    """Why it is void."""
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """The document that holds in its place."""
