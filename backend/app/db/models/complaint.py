"""Complaints against the school: what was complained about, every step, the papers that came with it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Complaint(Base):
    """A complaint by a student, or by somebody else about what concerns a student."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index("uq_complaints_number", "number", unique=True),
        Index("uq_complaints_request", "request", unique=True),
        Index("idx_complaints_student_id", "student_id"),
        Index("idx_complaints_filed_by", "filed_by"),
        Index("idx_complaints_about_user_id", "about_user_id"),
        Index("idx_complaints_assigned_to", "assigned_to"),
        Index("idx_complaints_decided_by", "decided_by"),
        Index("idx_complaints_appeal_decided_by", "appeal_decided_by"),
        Index("idx_complaints_decision_document_id", "decision_document_id"),
        Index("idx_complaints_appeal_document_id", "appeal_document_id"),
        Index(
            "idx_complaints_waiting",
            "received_on",
            postgresql_where=text("state NOT IN ('closed', 'referred')"),
        ),
        CheckConstraint(
            "state IN ('received', 'acknowledged', 'under_review', 'decided', 'appealed', 'closed', 'referred')",
            name="check_complaints_state",
        ),
        CheckConstraint(
            "relation IN ('student', 'former_student', 'parent', 'other')", name="check_complaints_relation"
        ),
        CheckConstraint(
            "received_how IN ('portal', 'in_person', 'letter', 'email', 'phone')",
            name="check_complaints_received_how",
        ),
        CheckConstraint(
            "acknowledge_by >= received_on AND decide_by >= received_on AND appeal_by >= decided_on"
            " AND decided_on >= received_on",
            name="check_complaints_days",
        ),
        CheckConstraint("outcome IN ('upheld', 'partly', 'not_upheld')", name="check_complaints_outcome"),
        CheckConstraint(
            "num_nonnulls(outcome, decision, decided_on, appeal_by) IN (0, 4)",
            name="check_complaints_decided",
        ),
        CheckConstraint("appeal_outcome IN ('changed', 'confirmed')", name="check_complaints_appeal_outcome"),
        CheckConstraint(
            "num_nonnulls(appeal, appealed_on, appeal_due) IN (0, 3)"
            " AND (appealed_on IS NULL OR decided_on IS NOT NULL)",
            name="check_complaints_appealed",
        ),
        CheckConstraint(
            "num_nonnulls(appeal_outcome, appeal_decision, appeal_decided_on) IN (0, 3)"
            " AND (appeal_outcome IS NULL OR appealed_on IS NOT NULL)",
            name="check_complaints_appeal_decided",
        ),
        # Nobody judges a complaint about themselves, and an appeal is heard by somebody else.
        CheckConstraint(
            "about_user_id <> assigned_to AND about_user_id <> decided_by"
            " AND about_user_id <> appeal_decided_by",
            name="check_complaints_not_oneself",
        ),
        CheckConstraint("appeal_decided_by <> decided_by", name="check_complaints_two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    number: Mapped[str] = mapped_column(String(20))
    """Number of the complaint as people write it: CO-2026-0001."""
    request: Mapped[UUID]
    """The form it came from, so that one sent twice is one complaint."""
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student whom it concerns."""
    complainant: Mapped[str] = mapped_column(Text)
    """Who complains."""
    relation: Mapped[str] = mapped_column(String(20))
    """student, former_student, parent or other."""
    email: Mapped[str | None] = mapped_column(Text)
    """Where messages about it go; empty where somebody who complains has none."""
    received_how: Mapped[str] = mapped_column(String(20))
    """portal, in_person, letter, email or phone."""
    received_on: Mapped[date]
    """The day it came, at the school; every term begins here."""
    filed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it: the student, or the office."""
    filed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    kind: Mapped[str] = mapped_column(String(20))
    """What it is about, one of the rule's kinds."""
    about_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The member of staff whom it is about, who cannot see it; empty where it is about none."""
    what: Mapped[str] = mapped_column(Text)
    """What happened, in the words of who complains."""
    wanted: Mapped[str] = mapped_column(Text)
    """What they want the school to do."""
    state: Mapped[str] = mapped_column(String(20), server_default=text("'received'"))
    """received, acknowledged, under_review, decided, appealed, closed or referred (to GNPEC)."""
    acknowledge_by: Mapped[date]
    """The last day to acknowledge it."""
    decide_by: Mapped[date]
    """The last day to decide."""
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who looks into it; never whom it is about."""
    outcome: Mapped[str | None] = mapped_column(String(20))
    """upheld, partly or not_upheld; empty until it is decided."""
    decision: Mapped[str | None] = mapped_column(Text)
    """What was decided, and why."""
    decided_on: Mapped[date | None]
    """The day of the decision."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decision_document_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id", ondelete="RESTRICT")
    )
    """The signed letter with the decision."""
    appeal_by: Mapped[date | None]
    """The last day to appeal."""
    appeal: Mapped[str | None] = mapped_column(Text)
    """Why the decision is appealed."""
    appealed_on: Mapped[date | None]
    """The day the appeal came."""
    appeal_due: Mapped[date | None]
    """The last day to decide the appeal."""
    appeal_outcome: Mapped[str | None] = mapped_column(String(20))
    """changed or confirmed."""
    appeal_decision: Mapped[str | None] = mapped_column(Text)
    """What was decided about the appeal, and why."""
    appeal_decided_on: Mapped[date | None]
    """The day of that decision."""
    appeal_decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided the appeal; never who decided first."""
    appeal_document_id: Mapped[int | None] = mapped_column(
        ForeignKey("issued_documents.id", ondelete="RESTRICT")
    )
    """The signed letter about the appeal."""
    closed_on: Mapped[date | None]
    """The day it was closed."""


class ComplaintStep(Base):
    """Something that was done about a complaint: a step of the procedure, or a note among the staff."""

    __tablename__ = "complaint_steps"
    __table_args__ = (
        Index("idx_complaint_steps_complaint_id", "complaint_id", "id"),
        Index("idx_complaint_steps_done_by", "done_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id", ondelete="CASCADE"))
    """The complaint."""
    step: Mapped[str] = mapped_column(String(20))
    """What was done: filed, assigned, acknowledged, reviewed, noted, decided, appealed, appeal_decided, withdrawn,
    closed or referred."""
    words: Mapped[str | None] = mapped_column(Text)
    """What was said with it."""
    private: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it is for the staff alone."""
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who did it."""
    done_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""


class ComplaintFile(Base):
    """A paper that belongs to a complaint."""

    __tablename__ = "complaint_files"
    __table_args__ = (
        Index("idx_complaint_files_complaint_id", "complaint_id"),
        Index("idx_complaint_files_added_by", "added_by"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_complaint_files_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id", ondelete="CASCADE"))
    """The complaint."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Stored file."""
    media_type: Mapped[str] = mapped_column(Text)
    """Its media type."""
    added_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who added it."""
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
