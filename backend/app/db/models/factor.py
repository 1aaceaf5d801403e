"""A second factor: passkeys, authenticator apps, recovery codes, and what a loss of them needs."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Passkey(Base):
    """A passkey (WebAuthn credential). Only its public half is kept; removal deletes the row, the history stays."""

    __tablename__ = "passkeys"
    __table_args__ = (
        Index("uq_passkeys_credential_id", "credential_id", unique=True),
        Index("idx_passkeys_user_id", "user_id"),
        CheckConstraint("sign_count >= 0", name="check_passkeys_sign_count"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Passkey number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose passkey."""
    name: Mapped[str] = mapped_column(String(100))
    """What the owner calls it."""
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    """The authenticator's own number for it."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """COSE public key."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """The authenticator's counter at the last use; 0 for one that does not count."""
    transports: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """How browsers reach it: usb, nfc, ble, hybrid, internal."""
    created_at: Mapped[CreatedAt]
    """When it was added."""
    last_used_at: Mapped[datetime | None]
    """When it last let its owner in."""
    copied_at: Mapped[datetime | None]
    """When its counter went back, as a copy's does; it has been refused since."""


class Authenticator(Base):
    """An authenticator app that shows time-based codes (RFC 6238)."""

    __tablename__ = "authenticators"
    __table_args__ = (Index("idx_authenticators_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Authenticator number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose authenticator."""
    name: Mapped[str] = mapped_column(String(100))
    """What the owner calls it."""
    sealed_key: Mapped[str] = mapped_column(Text)
    """The shared key, sealed under SECRET_KEY."""
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The latest 30-second step whose code was accepted; that one and older ones are refused."""
    created_at: Mapped[CreatedAt]
    """When it was added."""
    last_used_at: Mapped[datetime | None]
    """When it last let its owner in."""


class RecoveryCode(Base):
    """A code that stands in for a lost factor, once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_user_id_code_hash", "user_id", "code_hash", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Code number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose code."""
    code_hash: Mapped[str] = mapped_column(String(64))
    """HMAC-SHA-256 of the code under SECRET_KEY."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    used_at: Mapped[datetime | None]
    """When it was used."""


class FactorChallenge(Base):
    """What must come back soon and once: a passkey's challenge, or a sign-in that waits for its second step."""

    __tablename__ = "factor_challenges"
    __table_args__ = (
        Index("uq_factor_challenges_secret_hash", "secret_hash", unique=True),
        Index("idx_factor_challenges_user_id", "user_id"),
        Index("idx_factor_challenges_expires_at", "expires_at"),
        CheckConstraint(
            "purpose IN ('register', 'sign_in', 'prove', 'second_step')",
            name="check_factor_challenges_purpose",
        ),
        CheckConstraint("(purpose = 'sign_in') = (user_id IS NULL)", name="check_factor_challenges_user"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Challenge number."""
    purpose: Mapped[str] = mapped_column(String(12))
    """register, sign_in, prove or second_step."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Who must answer it; empty while nobody is known."""
    secret_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the challenge, or of the cookie of a waiting sign-in."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    expires_at: Mapped[datetime]
    """When it is too late."""
    used_at: Mapped[datetime | None]
    """When it came back."""


class FactorReset(Base):
    """A request to remove everything a person has lost: one administrator asks, another approves."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        Index("idx_factor_resets_user_id", "user_id"),
        Index("idx_factor_resets_asked_by", "asked_by"),
        Index("idx_factor_resets_closed_by", "closed_by"),
        Index("uq_factor_resets_open", "user_id", unique=True, postgresql_where="closed_at IS NULL"),
        CheckConstraint("asked_by <> user_id AND closed_by <> user_id", name="check_factor_resets_another"),
        CheckConstraint(
            "outcome <> 'approved' OR closed_by <> asked_by", name="check_factor_resets_two_people"
        ),
        CheckConstraint("outcome IN ('approved', 'declined', 'expired')", name="check_factor_resets_outcome"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="check_factor_resets_closed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Request number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Who has lost their factor."""
    reason: Mapped[str] = mapped_column(Text)
    """What happened, and how the person was recognized."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The administrator who asked."""
    asked_at: Mapped[CreatedAt]
    """When it was asked."""
    expires_at: Mapped[datetime]
    """When it can no longer be approved."""
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who approved or declined it."""
    closed_at: Mapped[datetime | None]
    """When it was approved, declined or replaced after its time."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """approved, declined or expired."""
