"""The institution: its facts, who signs for it, its calendar, and its dated policies."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class School(Base):
    """The institution's own facts, as letters, transcripts and pages print them. One row."""

    __tablename__ = "school"
    __table_args__ = (
        CheckConstraint("id = 1", name="check_school_one_row"),
        CheckConstraint(
            "fiscal_year_month BETWEEN 1 AND 12 AND fiscal_year_day BETWEEN 1 AND 31",
            name="check_school_fiscal_year",
        ),
        CheckConstraint(
            "(logo_sha256 IS NULL) = (logo_media_type IS NULL)", name="check_school_logo_media_type"
        ),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    """Always 1."""
    legal_name: Mapped[str] = mapped_column(String(255))
    """Name on the certificate of authorization."""
    short_name: Mapped[str] = mapped_column(String(60))
    """Name in the navigation and in mails."""
    address_lines: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    """Street address, one entry a line."""
    city: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """City; empty while nobody has entered one."""
    state: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Two-letter state."""
    zip_code: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """ZIP or ZIP+4."""
    phone: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Telephone number, as printed."""
    website: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Public website."""
    authorization_number: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Number of the GNPEC certificate of authorization."""
    time_zone: Mapped[str] = mapped_column(Text)
    """IANA name of the zone whose days and hours count."""
    fiscal_year_month: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """Month in which the fiscal year begins (GNPEC's outcome report follows it)."""
    fiscal_year_day: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """Day of that month."""
    primary_color: Mapped[str] = mapped_column(String(7), server_default=text("'#1f4e79'"))
    """Main color on documents, #rrggbb."""
    accent_color: Mapped[str] = mapped_column(String(7), server_default=text("'#b8860b'"))
    """Second color on documents, #rrggbb."""
    logo_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the logo."""
    logo_media_type: Mapped[str | None] = mapped_column(Text)
    """image/png, image/jpeg or image/svg+xml."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When a fact last changed."""
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    """How often a fact, the calendar, a signatory or a policy has changed; counted by triggers."""


class SchoolSignatory(Base):
    """Who signs for the school, and from when until when."""

    __tablename__ = "school_signatories"
    __table_args__ = (
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="check_school_signatories_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Signatory number."""
    name: Mapped[str] = mapped_column(Text)
    """Full name, as under a signature."""
    title: Mapped[str] = mapped_column(Text)
    """Title, such as Director or Registrar."""
    first_day: Mapped[date] = mapped_column(Date)
    """First day on which this person signs."""
    last_day: Mapped[date | None] = mapped_column(Date)
    """Last day; empty for one who still does."""


class SchoolTerm(Base):
    """A term of the calendar."""

    __tablename__ = "school_terms"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="check_school_terms_days"),
        Index("uq_school_terms_name", "name", unique=True),
        Index("idx_school_terms_first_day", "first_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Term number."""
    name: Mapped[str] = mapped_column(Text)
    """Name, such as Fall 2026."""
    first_day: Mapped[date] = mapped_column(Date)
    """First day."""
    last_day: Mapped[date] = mapped_column(Date)
    """Last day, included."""


class SchoolHoliday(Base):
    """A day, or a run of days, on which the school is closed."""

    __tablename__ = "school_holidays"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="check_school_holidays_days"),
        Index("uq_school_holidays_first_day", "first_day", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Holiday number."""
    name: Mapped[str] = mapped_column(Text)
    """Name, such as Labor Day."""
    first_day: Mapped[date] = mapped_column(Date)
    """First day closed."""
    last_day: Mapped[date] = mapped_column(Date)
    """Last day closed; the same as the first for one day."""


class SchoolPolicy(Base):
    """A version of a policy. Its values never change; one that something was computed with cannot be removed."""

    __tablename__ = "school_policies"
    __table_args__ = (
        Index("uq_school_policies_kind_version", "kind", "version", unique=True),
        Index("idx_school_policies_kind_effective", "kind", "effective_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Policy number."""
    kind: Mapped[str] = mapped_column(Text)
    """What it rules: attendance, progress or password."""
    version: Mapped[int]
    """1, 2, 3 … within its kind."""
    effective_from: Mapped[date] = mapped_column(Date)
    """First day on which it counts, until a later one does."""
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The values, of the shape of its kind."""
    approved_by: Mapped[str] = mapped_column(Text)
    """Who approved it."""
    note: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Why it was made, for those who read it later."""
    created_at: Mapped[CreatedAt]
    """When it was entered."""
    used_at: Mapped[datetime | None]
    """When something was first computed with it; from then on the database keeps it."""
