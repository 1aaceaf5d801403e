"""What a school knows of a student beside the account: names, contacts, identifiers, and fields of its own."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt

_SHA256 = "~ '^[0-9a-f]{64}$'"


class StudentProfile(Base):
    """The student's own facts, one row a student. The full legal name stays in `users.full_name`.

    Every change of the file locks this row and moves `updated_at`: two changes at once come one after the other.
    """

    __tablename__ = "student_profiles"
    __table_args__ = (
        Index("uq_student_profiles_user_id", "user_id", unique=True),
        Index("idx_student_profiles_birth_date", "birth_date"),
        CheckConstraint(
            f"photo_sha256 IS NULL OR photo_sha256 {_SHA256}", name="check_student_profiles_photo"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    first_name: Mapped[str | None] = mapped_column(Text)
    """Given name as in the legal name; empty while nobody has taken the legal name apart."""
    middle_name: Mapped[str | None] = mapped_column(Text)
    """Middle names as in the legal name."""
    last_name: Mapped[str | None] = mapped_column(Text)
    """Family name as in the legal name; the whole name of a person who has one name."""
    name_suffix: Mapped[str | None] = mapped_column(Text)
    """Such as Jr. or III."""
    preferred_name: Mapped[str | None] = mapped_column(Text)
    """What the student wants to be called."""
    birth_date: Mapped[date | None]
    """Date of birth."""
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    """Stored file of the photo, a JPEG that the system made."""
    created_at: Mapped[CreatedAt]
    """When the file was begun."""
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """When anything in the file last changed."""


class FormerName(Base):
    """A legal name that a student had until a day. What was issued under it keeps it."""

    __tablename__ = "former_names"
    __table_args__ = (
        Index("uq_former_names_user_id", "user_id", "used_until", unique=True),
        Index("idx_former_names_changed_by", "changed_by"),
        CheckConstraint(f"document_sha256 {_SHA256}", name="check_former_names_document"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    full_name: Mapped[str] = mapped_column(String(255))
    """The former full legal name."""
    used_until: Mapped[date]
    """The day from which the next name counts."""
    reason: Mapped[str] = mapped_column(Text)
    """Why the name changed, such as marriage or a court order."""
    document_sha256: Mapped[str] = mapped_column(String(64))
    """Stored file of the document that proves the change; kept permanently."""
    document_type: Mapped[str] = mapped_column(Text)
    """Its media type."""
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who recorded the change."""
    changed_at: Mapped[CreatedAt]
    """When it was recorded."""


class NameRequest(Base):
    """A student asks for their legal name to be changed; the office decides. One waits at a time."""

    __tablename__ = "name_requests"
    __table_args__ = (
        Index("idx_name_requests_user_id", "user_id"),
        Index(
            "uq_name_requests_waiting", "user_id", unique=True, postgresql_where=text("decided_at IS NULL")
        ),
        Index("idx_name_requests_decided_by", "decided_by"),
        CheckConstraint("(decided_at IS NULL) = (approved IS NULL)", name="check_name_requests_decision"),
        CheckConstraint(f"document_sha256 {_SHA256}", name="check_name_requests_document"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the request."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    first_name: Mapped[str | None] = mapped_column(Text)
    """Given name of the new legal name."""
    middle_name: Mapped[str | None] = mapped_column(Text)
    """Middle names of it."""
    last_name: Mapped[str] = mapped_column(Text)
    """Family name of it."""
    name_suffix: Mapped[str | None] = mapped_column(Text)
    """Suffix of it."""
    counts_from: Mapped[date]
    """The day from which the new name counts."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in the student's words."""
    document_sha256: Mapped[str] = mapped_column(String(64))
    """Stored file of the document that proves it."""
    document_type: Mapped[str] = mapped_column(Text)
    """Its media type."""
    asked_at: Mapped[CreatedAt]
    """When the student asked."""
    approved: Mapped[bool | None]
    """Whether the office approved; empty while it waits."""
    answer: Mapped[str | None] = mapped_column(Text)
    """What the office answered."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decided_at: Mapped[datetime | None]
    """When it was decided."""


class StudentAddress(Base):
    """A postal address. A changed one is ended, and a new row takes its place."""

    __tablename__ = "student_addresses"
    __table_args__ = (
        Index("idx_student_addresses_user_id", "user_id"),
        Index(
            "uq_student_addresses_primary",
            "user_id",
            unique=True,
            postgresql_where=text("is_primary AND ends_on IS NULL"),
        ),
        CheckConstraint(
            "kind IN ('home', 'mailing', 'billing', 'other')", name="check_student_addresses_kind"
        ),
        CheckConstraint("ends_on >= starts_on", name="check_student_addresses_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    kind: Mapped[str] = mapped_column(Text)
    """home, mailing, billing or other."""
    line1: Mapped[str] = mapped_column(Text)
    """Street address."""
    line2: Mapped[str | None] = mapped_column(Text)
    """Apartment, unit, care of."""
    city: Mapped[str] = mapped_column(Text)
    """City."""
    state: Mapped[str | None] = mapped_column(Text)
    """Two-letter state, or the region of another country."""
    postal_code: Mapped[str | None] = mapped_column(Text)
    """ZIP code, or the postal code of another country."""
    country: Mapped[str] = mapped_column(Text, server_default=text("'US'"))
    """Two-letter country code (ISO 3166-1)."""
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether mail goes here; one of those in use."""
    starts_on: Mapped[date]
    """The first day it is used."""
    ends_on: Mapped[date | None]
    """The last day; empty while it is in use."""
    created_at: Mapped[CreatedAt]
    """When it was entered."""


class StudentPhone(Base):
    """A telephone number. A changed one is ended, and a new row takes its place."""

    __tablename__ = "student_phones"
    __table_args__ = (
        Index("idx_student_phones_user_id", "user_id"),
        Index("idx_student_phones_digits", "digits"),
        Index(
            "uq_student_phones_primary",
            "user_id",
            unique=True,
            postgresql_where=text("is_primary AND ends_on IS NULL"),
        ),
        CheckConstraint("kind IN ('mobile', 'home', 'work', 'other')", name="check_student_phones_kind"),
        CheckConstraint("digits ~ '^[0-9]{7,15}$'", name="check_student_phones_digits"),
        CheckConstraint("ends_on >= starts_on", name="check_student_phones_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    kind: Mapped[str] = mapped_column(Text)
    """mobile, home, work or other."""
    number: Mapped[str] = mapped_column(Text)
    """As it was typed."""
    digits: Mapped[str] = mapped_column(Text)
    """Its digits, with the country's: `14045550134`."""
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the school calls here first; one of those in use."""
    starts_on: Mapped[date]
    """The first day it is used."""
    ends_on: Mapped[date | None]
    """The last day; empty while it is in use."""
    created_at: Mapped[CreatedAt]
    """When it was entered."""


class EmergencyContact(Base):
    """Whom the school calls in an emergency. A changed one is ended, and a new row takes its place."""

    __tablename__ = "emergency_contacts"
    __table_args__ = (
        Index("idx_emergency_contacts_user_id", "user_id"),
        CheckConstraint("ends_on >= starts_on", name="check_emergency_contacts_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    name: Mapped[str] = mapped_column(Text)
    """Full name."""
    relationship: Mapped[str] = mapped_column(Text)
    """Such as mother, spouse or friend."""
    phone: Mapped[str] = mapped_column(Text)
    """Telephone number, as it was typed."""
    email: Mapped[str | None] = mapped_column(Text)
    """Email address, if there is one."""
    starts_on: Mapped[date]
    """The first day."""
    ends_on: Mapped[date | None]
    """The last day; empty while they are called."""
    created_at: Mapped[CreatedAt]
    """When it was entered."""


class StudentIdentifier(Base):
    """A number by which others know the student. It is sealed; what can be read are its last four signs."""

    __tablename__ = "student_identifiers"
    __table_args__ = (
        Index("idx_student_identifiers_user_id", "user_id"),
        Index(
            "uq_student_identifiers_blind_index",
            "kind",
            "blind_index",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND kind <> 'other'"),
        ),
        Index("idx_student_identifiers_blind_index", "blind_index"),
        Index(
            "uq_student_identifiers_kind",
            "user_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND kind <> 'other'"),
        ),
        Index("idx_student_identifiers_entered_by", "entered_by"),
        Index("idx_student_identifiers_ended_by", "ended_by"),
        CheckConstraint(
            "kind IN ('ssn', 'itin', 'state_id', 'other')", name="check_student_identifiers_kind"
        ),
        CheckConstraint("char_length(last_four) <= 4", name="check_student_identifiers_last_four"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    kind: Mapped[str] = mapped_column(Text)
    """ssn, itin, state_id or other."""
    label: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """Who issued it, such as Georgia or another school."""
    sealed_value: Mapped[str] = mapped_column(Text)
    """The number, encrypted under a key made from SECRET_KEY."""
    last_four: Mapped[str] = mapped_column(Text)
    """Its last four signs."""
    blind_index: Mapped[str] = mapped_column(String(64))
    """HMAC of the number, by which it is found when somebody types it whole."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who entered it."""
    entered_at: Mapped[CreatedAt]
    """When it was entered."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who removed it."""
    ended_at: Mapped[datetime | None]
    """When it was removed; empty while it counts."""


class StudentField(Base):
    """A field that the school has added to the student's file."""

    __tablename__ = "student_fields"
    __table_args__ = (
        Index("uq_student_fields_name", "name", unique=True),
        CheckConstraint(
            "type IN ('text', 'number', 'date', 'choice', 'yes_no')", name="check_student_fields_type"
        ),
        CheckConstraint(
            "(type = 'choice') = (cardinality(choices) > 0)", name="check_student_fields_choices"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the field."""
    name: Mapped[str] = mapped_column(Text)
    """What the file calls it."""
    type: Mapped[str] = mapped_column(Text)
    """text, number, date, choice or yes_no; never changed."""
    choices: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    """What can be chosen."""
    help: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """What stands beside the field."""
    position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Its place in the file, the lowest first."""
    archived_at: Mapped[datetime | None]
    """When it was taken out of the file; what was entered is kept."""
    created_at: Mapped[CreatedAt]
    """When it was added."""


class StudentFieldValue(Base):
    """What was entered into a field of the school's own."""

    __tablename__ = "student_field_values"
    __table_args__ = (Index("idx_student_field_values_field_id", "field_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    """The student."""
    field_id: Mapped[int] = mapped_column(
        ForeignKey("student_fields.id", ondelete="RESTRICT"), primary_key=True
    )
    """The field."""
    value: Mapped[str] = mapped_column(Text)
    """As its type is written: text, a decimal number, YYYY-MM-DD, one of the choices, yes or no."""
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """When it was last entered."""
