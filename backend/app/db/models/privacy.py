"""What FERPA asks a school to keep: disclosures, consents, opt-outs, requests for access and for amendment."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

_SHA256 = "~ '^[0-9a-f]{64}$'"


class Consent(Base):
    """A student's consent that records are given to somebody: signed, dated, with purpose and recipient."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("idx_consents_student_id", "student_id"),
        Index("idx_consents_entered_by", "entered_by"),
        CheckConstraint("method IN ('electronic', 'paper')", name="check_consents_method"),
        CheckConstraint("(method = 'paper') = (document_sha256 IS NOT NULL)", name="check_consents_document"),
        CheckConstraint(f"document_sha256 {_SHA256}", name="check_consents_sha256"),
        CheckConstraint("ends_on >= signed_on", name="check_consents_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the consent."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose records."""
    records: Mapped[str] = mapped_column(Text)
    """Which records."""
    purpose: Mapped[str] = mapped_column(Text)
    """For what."""
    recipient: Mapped[str] = mapped_column(Text)
    """To whom."""
    method: Mapped[str] = mapped_column(String(10))
    """electronic (the student, signed in and just confirmed, typed their name) or paper (a scan)."""
    signed_name: Mapped[str] = mapped_column(Text)
    """The name as signed."""
    signed_on: Mapped[date]
    """The day it was signed, at the school."""
    ends_on: Mapped[date | None]
    """The last day on which it counts; empty until it is withdrawn."""
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the signed paper."""
    document_type: Mapped[str | None] = mapped_column(Text)
    """Its media type."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it: the student, or the office for a paper."""
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    withdrawn_at: Mapped[datetime | None]
    """When the student withdrew it."""


class Disclosure(Base):
    """Records of one or many students were given to somebody outside: who, and what interest (34 CFR 99.32)."""

    __tablename__ = "disclosures"
    __table_args__ = (
        Index("idx_disclosures_consent_id", "consent_id"),
        Index("idx_disclosures_recorded_by", "recorded_by"),
        Index("idx_disclosures_made_on", "made_on", "id"),
        CheckConstraint("(basis = 'consent') = (consent_id IS NOT NULL)", name="check_disclosures_consent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the disclosure."""
    made_on: Mapped[date]
    """The day, at the school."""
    recipient: Mapped[str] = mapped_column(Text)
    """Who asked for the records or received them."""
    interest: Mapped[str] = mapped_column(Text)
    """What legitimate interest they had."""
    records: Mapped[str] = mapped_column(Text)
    """What they received; of a request that was refused, what they asked for."""
    basis: Mapped[str] = mapped_column(String(20))
    """The ground in FERPA, one of the rule's."""
    refused: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the request was refused: requests are recorded, too."""
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consents.id", ondelete="RESTRICT"))
    """The consent it rests on, where the basis is consent."""
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who recorded it."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""


class DisclosedStudent(Base):
    """A student whose records were in a disclosure."""

    __tablename__ = "disclosed_students"
    __table_args__ = (Index("idx_disclosed_students_student_id", "student_id"),)

    disclosure_id: Mapped[int] = mapped_column(
        ForeignKey("disclosures.id", ondelete="CASCADE"), primary_key=True
    )
    """The disclosure."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    """The student."""


class DirectoryOptOut(Base):
    """A student does not want directory information about them given out, from one moment to another."""

    __tablename__ = "directory_opt_outs"
    __table_args__ = (
        Index("idx_directory_opt_outs_student_id", "student_id"),
        Index(
            "uq_directory_opt_outs_open", "student_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        Index("idx_directory_opt_outs_started_by", "started_by"),
        Index("idx_directory_opt_outs_ended_by", "ended_by"),
        CheckConstraint("ended_at >= started_at", name="check_directory_opt_outs_times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When they opted out."""
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it: the student, or the office."""
    ended_at: Mapped[datetime | None]
    """When they allowed it again; empty while nothing is given out."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered that."""


class AccessRequest(Base):
    """A student asks to see their records. The school answers within 45 days and destroys nothing meanwhile."""

    __tablename__ = "access_requests"
    __table_args__ = (
        Index("idx_access_requests_student_id", "student_id"),
        Index("idx_access_requests_entered_by", "entered_by"),
        Index("idx_access_requests_answered_by", "answered_by"),
        Index(
            "uq_access_requests_open", "student_id", unique=True, postgresql_where=text("closed_at IS NULL")
        ),
        CheckConstraint("due_on > received_on", name="check_access_requests_days"),
        CheckConstraint(
            "outcome IN ('copy', 'inspected', 'withdrawn')", name="check_access_requests_outcome"
        ),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="check_access_requests_closed"),
        CheckConstraint(
            "(outcome IS NOT DISTINCT FROM 'copy') = (archive_sha256 IS NOT NULL)",
            name="check_access_requests_archive",
        ),
        CheckConstraint(f"archive_sha256 {_SHA256}", name="check_access_requests_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the request."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose records."""
    records: Mapped[str] = mapped_column(Text)
    """Which records they want to see, in their words."""
    received_on: Mapped[date]
    """The day the request came, at the school; the 45 days begin here."""
    due_on: Mapped[date]
    """The last day to answer."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it: the student, or the office for a letter or a visit."""
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """copy (the whole file as an archive), inspected (at the school) or withdrawn; empty while it is open."""
    answer: Mapped[str | None] = mapped_column(Text)
    """What the school answered."""
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who closed it."""
    closed_at: Mapped[datetime | None]
    """When it was closed."""
    archive_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the archive that the student received."""
    archive_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Its size."""


class AmendmentRequest(Base):
    """A student asks to have a record amended; a refusal, a hearing and the student's statement follow."""

    __tablename__ = "amendment_requests"
    __table_args__ = (
        Index("uq_amendment_requests_request", "request", unique=True),
        Index("idx_amendment_requests_student_id", "student_id"),
        Index("idx_amendment_requests_asked_by", "asked_by"),
        Index("idx_amendment_requests_decided_by", "decided_by"),
        Index("idx_amendment_requests_heard_by", "heard_by"),
        Index(
            "idx_amendment_requests_waiting",
            "asked_at",
            postgresql_where=text(
                "outcome IS NULL OR (hearing_asked_at IS NOT NULL AND hearing_outcome IS NULL)"
            ),
        ),
        CheckConstraint("outcome IN ('amended', 'refused')", name="check_amendment_requests_outcome"),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="check_amendment_requests_decided"),
        CheckConstraint(
            "hearing_asked_at IS NULL OR outcome IS NOT DISTINCT FROM 'refused'",
            name="check_amendment_requests_hearing_asked",
        ),
        CheckConstraint(
            "hearing_outcome IN ('amended', 'upheld')", name="check_amendment_requests_hearing_outcome"
        ),
        CheckConstraint(
            "(hearing_outcome IS NULL) = (heard_at IS NULL)", name="check_amendment_requests_heard"
        ),
        CheckConstraint(
            "hearing_outcome IS NULL OR hearing_asked_at IS NOT NULL",
            name="check_amendment_requests_heard_asked",
        ),
        # Who refused has a direct interest in the outcome (34 CFR 99.22(c)).
        CheckConstraint("heard_by <> decided_by", name="check_amendment_requests_two_people"),
        CheckConstraint(
            "statement IS NULL OR hearing_outcome IS NOT DISTINCT FROM 'upheld'",
            name="check_amendment_requests_statement",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the request."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose record."""
    request: Mapped[UUID | None]
    """The form it came from, so that one sent twice is one request; empty for those of earlier versions."""
    record: Mapped[str] = mapped_column(Text)
    """Which record."""
    wanted: Mapped[str] = mapped_column(Text)
    """What is inaccurate or misleading, and what it should say."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """amended or refused; empty while it waits."""
    decision: Mapped[str | None] = mapped_column(Text)
    """What was decided and why, for the student."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decided_at: Mapped[datetime | None]
    """When."""
    hearing_asked_at: Mapped[datetime | None]
    """When the student asked for a hearing."""
    hearing_outcome: Mapped[str | None] = mapped_column(String(10))
    """amended, or upheld (the record stays)."""
    hearing_decision: Mapped[str | None] = mapped_column(Text)
    """The written decision: a summary of the evidence and the reasons (34 CFR 99.22(f))."""
    heard_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who held the hearing; never who refused."""
    heard_at: Mapped[datetime | None]
    """When it was decided."""
    statement: Mapped[str | None] = mapped_column(Text)
    """The student's statement, which stays with the record and goes wherever it goes (34 CFR 99.21(c))."""
    statement_at: Mapped[datetime | None]
    """When they wrote it."""
