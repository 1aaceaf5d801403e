"""Where students do their externship: sites with signed agreements, who supervises there, what is evaluated."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class ExternshipSite(Base):
    """An office outside the school that takes students. Without a signed agreement in force it takes none."""

    __tablename__ = "externship_sites"
    __table_args__ = (
        Index("uq_externship_sites_name", func.lower(text("name")), unique=True),
        CheckConstraint("capacity BETWEEN 1 AND 500", name="check_externship_sites_capacity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the site."""
    name: Mapped[str] = mapped_column(String(255))
    """Its name."""
    address: Mapped[str] = mapped_column(Text)
    """Its address."""
    contact_name: Mapped[str | None] = mapped_column(String(255))
    """Whom the school talks to there."""
    contact_email: Mapped[str | None] = mapped_column(String(255))
    """Their email address."""
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    """Their telephone number, as written."""
    capacity: Mapped[int]
    """The most students at once."""
    archived_at: Mapped[datetime | None]
    """Since when it takes nobody any more; empty while it does."""
    created_at: Mapped[CreatedAt]
    """When it was added."""


class ExternshipAgreement(Base):
    """A signed agreement with a site (GNPEC asks for one), with its file. It counts on both of its days."""

    __tablename__ = "externship_agreements"
    __table_args__ = (
        Index("idx_externship_agreements_site_id", "site_id", "expires_on"),
        Index("idx_externship_agreements_uploaded_by", "uploaded_by"),
        CheckConstraint("expires_on > signed_on", name="check_externship_agreements_days"),
        CheckConstraint("ended_on >= signed_on", name="check_externship_agreements_ended"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_externship_agreements_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the agreement."""
    site_id: Mapped[int] = mapped_column(ForeignKey("externship_sites.id", ondelete="RESTRICT"))
    """With whom."""
    signed_on: Mapped[date]
    """The day on which it was signed, the first on which it counts."""
    expires_on: Mapped[date]
    """The last day on which it counts."""
    ended_on: Mapped[date | None]
    """The last day, where it ended early."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Stored file."""
    media_type: Mapped[str] = mapped_column(Text)
    """application/pdf, image/jpeg or image/png."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its size."""
    reminded_days: Mapped[int | None] = mapped_column(SmallInteger)
    """How many days before its end the last reminder was due: 60, 30 or 7."""
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who put it on file."""
    created_at: Mapped[CreatedAt]
    """When."""


class ExternshipSupervisor(Base):
    """Somebody at a site who oversees students. Never staff of the school (GNPEC)."""

    __tablename__ = "externship_supervisors"
    __table_args__ = (
        Index(
            "uq_externship_supervisors_site_id_email",
            "site_id",
            "email",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("idx_externship_supervisors_site_id", "site_id"),
        CheckConstraint("email = lower(email)", name="check_externship_supervisors_email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the supervisor."""
    site_id: Mapped[int] = mapped_column(ForeignKey("externship_sites.id", ondelete="RESTRICT"))
    """Where."""
    name: Mapped[str] = mapped_column(String(255))
    """Their name."""
    title: Mapped[str] = mapped_column(String(120))
    """License or title, such as `DDS, Georgia license DN012345`."""
    email: Mapped[str] = mapped_column(String(255))
    """Where links to confirm hours go; lower case."""
    archived_at: Mapped[datetime | None]
    """Since when they oversee nobody any more."""
    created_at: Mapped[CreatedAt]
    """When they were added."""


class ExternshipRubric(Base):
    """What a supervisor evaluates students of a program in, from a day on. Never changed: the next one follows it."""

    __tablename__ = "externship_rubrics"
    __table_args__ = (
        Index("uq_externship_rubrics_program_id", "program_id", "effective_from", unique=True),
        Index("idx_externship_rubrics_created_by", "created_by"),
        CheckConstraint("jsonb_typeof(skills) = 'array'", name="check_externship_rubrics_skills"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the rubric."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    """Whose students."""
    effective_from: Mapped[date]
    """The first day on which it is used."""
    skills: Mapped[list[str]] = mapped_column(JSONB)
    """The skills, in order."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it."""
    created_at: Mapped[CreatedAt]
    """When."""
