"""Clinical externships: placements, the hours that students log, and what supervisors confirm."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt

# Written as the database prints it, so that a comparison of the two finds no difference.
MINUTES = "((floor((EXTRACT(epoch FROM (ends_at - starts_at)) / (60)::numeric)))::integer - break_minutes)"


class Externship(Base):
    """A placement of a student at a clinical site."""

    __tablename__ = "externships"
    __table_args__ = (
        Index("idx_externships_user_id", "user_id"),
        Index("idx_externships_verified", "verified"),
        CheckConstraint("total_hours >= 0", name="check_externships_total_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Externship number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    site_name: Mapped[str] = mapped_column(String(255))
    """Where the student works."""
    site_address: Mapped[str | None] = mapped_column(Text)
    """Address of the site."""
    supervisor_name: Mapped[str | None] = mapped_column(String(255))
    """Who supervises the student there."""
    supervisor_email: Mapped[str | None] = mapped_column(String(255))
    """How to reach the supervisor."""
    total_hours: Mapped[int | None] = mapped_column(server_default=text("0"))
    """Hours completed: of a placement, the whole hours that the supervisor has confirmed, which the database keeps."""
    verified: Mapped[bool | None] = mapped_column(server_default=text("false"))
    """Whether the school has verified the hours."""
    verified_at: Mapped[datetime | None]
    """When it did."""
    verification_doc_url: Mapped[str | None] = mapped_column(String(512))
    """Address of the supporting document."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""


class ExternshipPlacement(Base):
    """What an externship has beside its documented row: enrollment, site, days, and the document it was verified by.

    An externship without one was written down before placements were; nobody can log hours for it.
    """

    __tablename__ = "externship_placements"
    __table_args__ = (
        Index("idx_externship_placements_enrollment_id", "enrollment_id"),
        Index("idx_externship_placements_site_id", "site_id", "starts_on"),
        Index("idx_externship_placements_supervisor_id", "supervisor_id"),
        Index("idx_externship_placements_placed_by", "placed_by"),
        Index("idx_externship_placements_verified_by", "verified_by"),
        CheckConstraint("ends_on >= starts_on", name="check_externship_placements_days"),
        CheckConstraint("hours_required BETWEEN 1 AND 5000", name="check_externship_placements_hours"),
        CheckConstraint(
            "num_nonnulls(document_sha256, document_type, document_size) IN (0, 3)",
            name="check_externship_placements_document",
        ),
    )

    externship_id: Mapped[int] = mapped_column(
        ForeignKey("externships.id", ondelete="CASCADE"), primary_key=True
    )
    """The externship."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """For which enrollment."""
    site_id: Mapped[int] = mapped_column(ForeignKey("externship_sites.id", ondelete="RESTRICT"))
    """Where."""
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("externship_supervisors.id", ondelete="RESTRICT"))
    """Who oversees the student there, and confirms the hours."""
    starts_on: Mapped[date]
    """The first day."""
    ends_on: Mapped[date]
    """The last day."""
    hours_required: Mapped[int]
    """How many hours the student is to do there."""
    placed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who placed the student."""
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who verified the hours."""
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the supporting document."""
    document_type: Mapped[str | None] = mapped_column(Text)
    """application/pdf, image/jpeg or image/png."""
    document_size: Mapped[int | None] = mapped_column(BigInteger)
    """Its size in bytes."""


class ExternshipHours(Base):
    """One day's hours as the student logged them. The database refuses changes once the externship is verified."""

    __tablename__ = "externship_hours"
    __table_args__ = (
        Index("idx_externship_hours_externship_id", "externship_id", "day"),
        Index("idx_externship_hours_user_id", "user_id"),
        Index("idx_externship_hours_link_id", "link_id"),
        Index("uq_externship_hours_request", "externship_id", "request", unique=True),
        CheckConstraint("ends_at > starts_at", name="check_externship_hours_ends_at"),
        CheckConstraint("ends_at <= starts_at + interval '24 hours'", name="check_externship_hours_length"),
        CheckConstraint("break_minutes >= 0 AND minutes > 0", name="check_externship_hours_break"),
        CheckConstraint("state IN ('logged', 'confirmed', 'disputed')", name="check_externship_hours_state"),
        CheckConstraint(
            "(state = 'disputed') = (dispute IS NOT NULL) AND (state = 'logged') = (link_id IS NULL)",
            name="check_externship_hours_decided",
        ),
        CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90"
            " AND longitude BETWEEN -180 AND 180",
            name="check_externship_hours_place",
        ),
        ExcludeConstraint(
            ("user_id", "="),
            (func.tstzrange(text("starts_at"), text("ends_at")), "&&"),
            name="ex_externship_hours_overlap",
            using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the entry."""
    externship_id: Mapped[int] = mapped_column(ForeignKey("externships.id", ondelete="CASCADE"))
    """Of which externship."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student; hours of all their externships may not overlap."""
    day: Mapped[date]
    """The day at the school on which the hours began."""
    starts_at: Mapped[datetime]
    """When they began."""
    ends_at: Mapped[datetime]
    """When they ended."""
    break_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Minutes of break, which do not count."""
    minutes: Mapped[int] = mapped_column(Computed(MINUTES, persisted=True))
    """Whole minutes that count; computed by the database."""
    did: Mapped[str] = mapped_column(Text)
    """What the student did, in their words."""
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    """Where the student was when logging, if the policy asks; degrees."""
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(8, 5))
    """The same, degrees."""
    state: Mapped[str] = mapped_column(String(10), server_default=text("'logged'"))
    """logged, confirmed or disputed."""
    dispute: Mapped[str | None] = mapped_column(Text)
    """What the supervisor says is wrong."""
    link_id: Mapped[int | None] = mapped_column(ForeignKey("externship_links.id", ondelete="CASCADE"))
    """The link by which it was confirmed or disputed."""
    request: Mapped[Any] = mapped_column(Uuid)
    """Names the form it came by, so that a form sent twice is one entry."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts changes: a supervisor confirms what they have seen."""
    created_at: Mapped[CreatedAt]
    """When it was logged."""
    changed_at: Mapped[CreatedAt]
    """When it was last changed."""


class ExternshipLink(Base):
    """A link that lets a supervisor confirm one week of one externship, once. What was confirmed stays with it."""

    __tablename__ = "externship_links"
    __table_args__ = (
        Index("uq_externship_links_token_hash", "token_hash", unique=True),
        Index("idx_externship_links_externship_id", "externship_id", "week"),
        Index("idx_externship_links_supervisor_id", "supervisor_id"),
        Index("idx_externship_links_created_by", "created_by"),
        CheckConstraint("(used_at IS NULL) = (outcome IS NULL)", name="check_externship_links_used"),
        CheckConstraint("expires_at > created_at", name="check_externship_links_expires_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the link."""
    externship_id: Mapped[int] = mapped_column(ForeignKey("externships.id", ondelete="CASCADE"))
    """Which externship it is for."""
    week: Mapped[date]
    """The Sunday that begins the week it is for."""
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("externship_supervisors.id", ondelete="RESTRICT"))
    """Whom it was sent to."""
    email: Mapped[str] = mapped_column(String(255))
    """The address it was sent to."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the secret in the link."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked for it; empty for the weekly job."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    expires_at: Mapped[datetime]
    """Until when it works."""
    revoked_at: Mapped[datetime | None]
    """When it was replaced or taken back."""
    opened_at: Mapped[datetime | None]
    """When it was first opened."""
    used_at: Mapped[datetime | None]
    """When the week was confirmed by it."""
    used_ip: Mapped[str | None] = mapped_column(String(45))
    """The network address it was confirmed from."""
    outcome: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    """What was confirmed and disputed, as the supervisor saw it: a list of days."""


class ExternshipEvaluation(Base):
    """A supervisor's evaluation of a student's skills, by the rubric of the day. None is changed; the newest counts."""

    __tablename__ = "externship_evaluations"
    __table_args__ = (
        Index("idx_externship_evaluations_externship_id", "externship_id"),
        Index("idx_externship_evaluations_rubric_id", "rubric_id"),
        Index("uq_externship_evaluations_link_id", "link_id", unique=True),
        CheckConstraint("jsonb_typeof(ratings) = 'array'", name="check_externship_evaluations_ratings"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the evaluation."""
    externship_id: Mapped[int] = mapped_column(ForeignKey("externships.id", ondelete="CASCADE"))
    """Of which externship."""
    rubric_id: Mapped[int] = mapped_column(ForeignKey("externship_rubrics.id", ondelete="RESTRICT"))
    """By which rubric."""
    link_id: Mapped[int] = mapped_column(ForeignKey("externship_links.id", ondelete="CASCADE"))
    """The link by which it came."""
    evaluated_on: Mapped[date]
    """On which day at the school."""
    ratings: Mapped[list[int]] = mapped_column(JSONB)
    """1 to 4 for each skill of the rubric, in its order."""
    comment: Mapped[str | None] = mapped_column(Text)
    """What the supervisor adds."""
    supervisor_name: Mapped[str] = mapped_column(String(255))
    """Who evaluated, by the name of the time."""
    created_at: Mapped[CreatedAt]
    """When it came."""
