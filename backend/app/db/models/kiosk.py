"""Kiosks: shared tablets at which students clock in and out, what they punch with, and every punch that arrived."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Kiosk(Base):
    """A shared tablet: added by an administrator, registered once by a code, from then on known by its key."""

    __tablename__ = "kiosks"
    __table_args__ = (
        Index(
            "uq_kiosks_name", text("lower(name)"), unique=True, postgresql_where=text("revoked_at IS NULL")
        ),
        Index("uq_kiosks_code_hash", "code_hash", unique=True),
        Index("idx_kiosks_created_by", "created_by"),
        Index("idx_kiosks_revoked_by", "revoked_by"),
        CheckConstraint(
            "num_nonnulls(registered_at, public_key, sealed_key, chain) IN (0, 4)",
            name="check_kiosks_registered",
        ),
        CheckConstraint("next_counter >= 1", name="check_kiosks_next_counter"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the kiosk."""
    name: Mapped[str] = mapped_column(String(80))
    """Where it is, such as “Front desk”."""
    code_hash: Mapped[str | None] = mapped_column(String(64))
    """Hash of the registration code, until it is used."""
    code_expires_at: Mapped[datetime | None]
    """Until when the code can be used."""
    public_key: Mapped[str | None] = mapped_column(Text)
    """The key that its punches are signed with (P-256, SubjectPublicKeyInfo in base64); the other half never leaves the
    tablet."""
    sealed_key: Mapped[str | None] = mapped_column(Text)
    """The private key that opens what students type at it, sealed under SECRET_KEY."""
    registered_at: Mapped[datetime | None]
    """When the tablet was registered."""
    browser: Mapped[str | None] = mapped_column(String(200))
    """The browser it was registered with."""
    last_seen_at: Mapped[datetime | None]
    """When it was last in contact."""
    skew_ms: Mapped[int | None] = mapped_column(BigInteger)
    """How many milliseconds the server's clock was ahead of it at the last contact."""
    next_counter: Mapped[int] = mapped_column(server_default=text("1"))
    """Number of the next punch to settle; earlier ones have arrived, or were given up."""
    chain: Mapped[str | None] = mapped_column(String(64))
    """Hash of the punch settled last, which the next one names; at first of the tablet's key."""
    latest_at: Mapped[datetime | None]
    """Moment of the last punch whose time was believed."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who added it."""
    created_at: Mapped[CreatedAt]
    """When."""
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who revoked it."""
    revoked_at: Mapped[datetime | None]
    """When; its punches count nothing from then on."""


class KioskPin(Base):
    """The PIN a student chose for kiosks."""

    __tablename__ = "kiosk_pins"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The student."""
    sealed_hash: Mapped[str] = mapped_column(Text)
    """The PIN's hash, sealed under SECRET_KEY: six digits could be tried through in a copy of the database."""
    set_at: Mapped[datetime]
    """When it was chosen."""


class KioskCard(Base):
    """A printed card with a QR code that stands for number and PIN."""

    __tablename__ = "kiosk_cards"
    __table_args__ = (
        Index("uq_kiosk_cards_user_id", "user_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
        Index("idx_kiosk_cards_user_id", "user_id"),
        Index("idx_kiosk_cards_issued_by", "issued_by"),
        Index("idx_kiosk_cards_revoked_by", "revoked_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the card; its QR code holds it with a signature that only this installation can make."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student."""
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who issued it."""
    issued_at: Mapped[datetime]
    """When."""
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who revoked it."""
    revoked_at: Mapped[datetime | None]
    """When; it punches nothing from then on."""


class KioskPunch(Base):
    """One punch as it arrived from a kiosk, and what became of it. Refused ones stay, so that nothing is lost."""

    __tablename__ = "kiosk_punches"
    __table_args__ = (
        Index("uq_kiosk_punches_kiosk_id_digest", "kiosk_id", "digest", unique=True),
        Index(
            "uq_kiosk_punches_kiosk_id_counter",
            "kiosk_id",
            "counter",
            unique=True,
            postgresql_where=text("counter IS NOT NULL"),
        ),
        Index("idx_kiosk_punches_user_id", "user_id", "id"),
        Index("idx_kiosk_punches_attendance_id", "attendance_id"),
        Index("idx_kiosk_punches_correction_id", "correction_id"),
        Index("idx_kiosk_punches_decided_by", "decided_by"),
        Index(
            "idx_kiosk_punches_waiting",
            "received_at",
            postgresql_where=text("waits AND decided_at IS NULL"),
        ),
        Index("idx_kiosk_punches_held", "kiosk_id", "counter", postgresql_where=text("state = 'held'")),
        CheckConstraint("kind IN ('in', 'out')", name="check_kiosk_punches_kind"),
        CheckConstraint("state IN ('held', 'recorded', 'refused')", name="check_kiosk_punches_state"),
        CheckConstraint("outcome IN ('requested', 'dismissed')", name="check_kiosk_punches_outcome"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_kiosk_punches_decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the row."""
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id", ondelete="RESTRICT"))
    """The kiosk it came from."""
    counter: Mapped[int | None]
    """Its number among the kiosk's punches; empty for what turned out to be none of them (forged, or a used number)."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was signed; of what is forged, of all that was sent. The next punch names it."""
    previous: Mapped[str] = mapped_column(String(64))
    """The digest of the punch before it, as it names it."""
    signature: Mapped[str] = mapped_column(String(100))
    """The kiosk's signature (ECDSA P-256, r and s in base64)."""
    kind: Mapped[str] = mapped_column(String(3))
    """in or out: which button was pressed."""
    made_at: Mapped[datetime]
    """What the tablet's clock said."""
    offset_ms: Mapped[int] = mapped_column(BigInteger)
    """How many milliseconds the server's clock was ahead of the tablet's, as last measured before the punch."""
    measured_ms: Mapped[int] = mapped_column(BigInteger)
    """The same when the punch arrived."""
    punched_at: Mapped[datetime]
    """The moment it is for: the tablet's clock with the measured difference."""
    received_at: Mapped[datetime]
    """When it arrived."""
    method: Mapped[str | None] = mapped_column(String(4))
    """pin or card; empty where what was typed could not be read."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student whose number or card it was; only of a recorded one is it certain that they punched."""
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id", ondelete="SET NULL"))
    """The attendance record it began or ended."""
    state: Mapped[str] = mapped_column(String(8))
    """held (an earlier punch has not arrived), recorded, or refused (counted nothing)."""
    reason: Mapped[str | None] = mapped_column(String(20))
    """Why it was refused, or what about a recorded one the staff should know."""
    sentence: Mapped[str | None] = mapped_column(Text)
    """The same in words."""
    waits: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the staff look at it: the student did not see the refusal, or it is suspicious."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided what follows from it."""
    decided_at: Mapped[datetime | None]
    """When."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """requested (a correction of hours) or dismissed."""
    note: Mapped[str | None] = mapped_column(Text)
    """Why it was dismissed."""
    correction_id: Mapped[int | None] = mapped_column(
        ForeignKey("attendance_corrections.id", ondelete="SET NULL")
    )
    """The correction that was requested."""
