"""Official transcripts: what was issued, who asked for it, to whom it went, and what stands in the way."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Transcript(Base):
    """An official transcript. Permanent (GNPEC Standard 6): the database refuses every change and deletion."""

    __tablename__ = "transcripts"
    __table_args__ = (
        Index("idx_transcripts_user_id", "user_id"),
        Index("idx_transcripts_program_id", "program_id"),
        CheckConstraint("gpa >= 0.0 AND gpa <= 4.0", name="check_gpa"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Transcript number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program."""
    gpa: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    """Grade point average, 0.00 to 4.00."""
    total_credits: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Credits earned."""
    generated_at: Mapped[datetime]
    """When it was issued."""
    pdf_url: Mapped[str | None] = mapped_column(String(512))
    """Address of the PDF."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""


class TranscriptContent(Base):
    """What a transcript says, from which its file can be drawn again. Written with the transcript, never changed."""

    __tablename__ = "transcript_contents"
    __table_args__ = (
        Index("uq_transcript_contents_document_id", "document_id", unique=True),
        Index("uq_transcript_contents_code_hash", "code_hash", unique=True),
        Index("idx_transcript_contents_enrollment_id", "enrollment_id"),
    )

    transcript_id: Mapped[int] = mapped_column(
        ForeignKey("transcripts.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    """The transcript."""
    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """Its number, status and file in the register of documents."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="RESTRICT"))
    """The enrollment it is about."""
    student_name: Mapped[str] = mapped_column(Text)
    """The student’s full name as it is printed."""
    content: Mapped[str] = mapped_column(Text)
    """Everything it says, as canonical JSON."""
    code_hash: Mapped[str] = mapped_column(Text)
    """SHA-256 of the verification code in its QR code."""


class TranscriptHold(Base):
    """A reason why no transcript of a student is issued for now, set by the staff."""

    __tablename__ = "transcript_holds"
    __table_args__ = (
        Index("idx_transcript_holds_user_id", "user_id"),
        Index("idx_transcript_holds_set_by", "set_by"),
        Index("idx_transcript_holds_lifted_by", "lifted_by"),
        CheckConstraint("lifted_at IS NOT NULL OR lifted_by IS NULL", name="check_transcript_holds_lifted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the hold."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in a sentence that the student reads too."""
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who set it."""
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who lifted it."""
    lifted_at: Mapped[datetime | None]
    """When it was lifted; empty while it stands."""
    lifted_note: Mapped[str | None] = mapped_column(Text)
    """What was said with it."""


class TranscriptRequest(Base):
    """A student’s request that a transcript be sent to somebody, with their signed consent (34 CFR 99.30)."""

    __tablename__ = "transcript_requests"
    __table_args__ = (
        Index("idx_transcript_requests_user_id", "user_id"),
        Index("idx_transcript_requests_enrollment_id", "enrollment_id"),
        Index("idx_transcript_requests_decided_by", "decided_by"),
        Index("idx_transcript_requests_document_id", "document_id"),
        Index("uq_transcript_requests_request", "request", unique=True),
        Index("idx_transcript_requests_waiting", "created_at", postgresql_where=text("state = 'waiting'")),
        CheckConstraint(
            "state IN ('waiting', 'fulfilled', 'declined', 'canceled')",
            name="check_transcript_requests_state",
        ),
        CheckConstraint("delivery IN ('link', 'mail', 'paper')", name="check_transcript_requests_delivery"),
        CheckConstraint(
            "(state = 'fulfilled') = (document_id IS NOT NULL)", name="check_transcript_requests_document"
        ),
        CheckConstraint("fee_cents >= 0", name="check_transcript_requests_fee"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the request."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """Which program."""
    request: Mapped[UUID | None]
    """The form it came from, so that one sent twice is one request; empty for requests of older releases."""
    delivery: Mapped[str] = mapped_column(Text)
    """`link` for the student to pass on, `mail` for a link by email to the recipient, `paper` by post."""
    recipient: Mapped[str] = mapped_column(Text)
    """Who is to have it."""
    recipient_email: Mapped[str | None] = mapped_column(Text)
    """Where the link goes."""
    recipient_address: Mapped[str | None] = mapped_column(Text)
    """Where the paper goes."""
    purpose: Mapped[str] = mapped_column(Text)
    """What for, in the student’s words."""
    consent: Mapped[str] = mapped_column(Text)
    """The sentence that the student agreed to."""
    consented_at: Mapped[datetime]
    """When they did."""
    fee_cents: Mapped[int] = mapped_column(server_default=text("0"))
    """What the request costs."""
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    """waiting, fulfilled, declined or canceled."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who fulfilled or declined it."""
    decided_at: Mapped[datetime | None]
    """When."""
    note: Mapped[str | None] = mapped_column(Text)
    """Why it was declined."""
    document_id: Mapped[int | None] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """The transcript that was issued for it."""


class TranscriptDelivery(Base):
    """A transcript that was given to somebody: one line of the delivery log."""

    __tablename__ = "transcript_deliveries"
    __table_args__ = (
        Index("idx_transcript_deliveries_document_id", "document_id"),
        Index("idx_transcript_deliveries_request_id", "request_id"),
        Index("idx_transcript_deliveries_sent_by", "sent_by"),
        Index("uq_transcript_deliveries_token_hash", "token_hash", unique=True),
        CheckConstraint("method IN ('link', 'mail', 'paper')", name="check_transcript_deliveries_method"),
        CheckConstraint(
            "(method = 'paper') = (token_hash IS NULL)", name="check_transcript_deliveries_token"
        ),
        CheckConstraint(
            "(token_hash IS NULL) = (expires_at IS NULL)", name="check_transcript_deliveries_expires"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the delivery."""
    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """The transcript."""
    request_id: Mapped[int | None] = mapped_column(ForeignKey("transcript_requests.id", ondelete="SET NULL"))
    """The request it answers."""
    method: Mapped[str] = mapped_column(Text)
    """link, mail or paper."""
    recipient: Mapped[str] = mapped_column(Text)
    """To whom."""
    token_hash: Mapped[str | None] = mapped_column(Text)
    """SHA-256 of the secret in the link."""
    expires_at: Mapped[datetime | None]
    """When the link ends."""
    revoked_at: Mapped[datetime | None]
    """When the link was taken back."""
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who sent it."""
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    opens: Mapped[int] = mapped_column(server_default=text("0"))
    """How often the link was opened."""
    opened_at: Mapped[datetime | None]
    """When it was opened last."""


class TranscriptBatch(Base):
    """Transcripts for many students at once, issued by a worker."""

    __tablename__ = "transcript_batches"
    __table_args__ = (
        Index("idx_transcript_batches_program_id", "program_id"),
        Index("idx_transcript_batches_class_id", "class_id"),
        Index("idx_transcript_batches_asked_by", "asked_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the batch."""
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="SET NULL"))
    """Whose completed students."""
    class_id: Mapped[int | None] = mapped_column(ForeignKey("classes.id", ondelete="SET NULL"))
    """Or whose students."""
    title: Mapped[str] = mapped_column(Text)
    """The program or class by name."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    finished_at: Mapped[datetime | None]
    """When the last one was through."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why the batch ended before that."""


class TranscriptBatchItem(Base):
    """One student of a batch: still to do, issued, or not issued with the reason."""

    __tablename__ = "transcript_batch_items"
    __table_args__ = (
        Index("idx_transcript_batch_items_enrollment_id", "enrollment_id"),
        Index("idx_transcript_batch_items_document_id", "document_id"),
        CheckConstraint(
            "document_id IS NULL OR problem IS NULL", name="check_transcript_batch_items_outcome"
        ),
    )

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("transcript_batches.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The batch."""
    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The enrollment."""
    document_id: Mapped[int | None] = mapped_column(ForeignKey("issued_documents.id", ondelete="RESTRICT"))
    """What was issued."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why nothing was."""
