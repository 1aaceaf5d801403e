"""Ways into an account: sessions, one-time links, API tokens, and the record of attempts."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class UserSession(Base):
    """A signed-in browser. Revoked by a timestamp; the cookie holds a secret that is stored as a hash only."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        Index("uq_user_sessions_token_hash", "token_hash", unique=True),
        Index("idx_user_sessions_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Session number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose session."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the cookie's value."""
    created_at: Mapped[CreatedAt]
    """When the person signed in."""
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was last used, to the minute."""
    expires_at: Mapped[datetime]
    """When it ends in any case."""
    revoked_at: Mapped[datetime | None]
    """When it was ended by sign-out, by a new password or by the administration."""
    ip: Mapped[str | None] = mapped_column(String(45))
    """Address it was opened from."""
    user_agent: Mapped[str | None] = mapped_column(Text)
    """The browser's own name for itself."""
    proved_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    """When the person last proved who they are: with the sign-in, or when asked again. Empty means never."""
    factor_due_on: Mapped[date | None]
    """From this day on the session reaches only the pages where a second factor is set up; empty for no such day."""
    purpose: Mapped[str | None] = mapped_column(String(20))
    """What the person said they look at records for; empty while their duties say it."""


class AccountLink(Base):
    """A one-time link by which a person sets a password: an invitation or a reset."""

    __tablename__ = "account_links"
    __table_args__ = (
        Index("uq_account_links_token_hash", "token_hash", unique=True),
        Index("idx_account_links_user_id", "user_id"),
        Index("idx_account_links_created_by", "created_by"),
        CheckConstraint("purpose IN ('invite', 'reset')", name="check_account_links_purpose"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Link number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose account it opens."""
    purpose: Mapped[str] = mapped_column(String(10))
    """invite or reset."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the link's secret."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who invited; empty for a reset that the person asked for."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    expires_at: Mapped[datetime]
    """When it stops working."""
    used_at: Mapped[datetime | None]
    """When it was used or overtaken by a newer one."""


class SignInAttempt(Base):
    """An attempt to sign in, for the owner of the account to look at. Limits count in limit_counters."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("idx_sign_in_attempts_email_key", "email_key", "attempted_at"),
        Index("idx_sign_in_attempts_ip", "ip", "attempted_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Attempt number."""
    email_key: Mapped[str] = mapped_column(String(64))
    """Keyed hash of the address that was typed, known or not."""
    ip: Mapped[str | None] = mapped_column(String(45))
    """Where it came from."""
    succeeded: Mapped[bool]
    """Whether it let the person in."""
    attempted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""


class ApiToken(Base):
    """A bearer token for the JSON API; it can do what it was given of what its owner can do now."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index("uq_api_tokens_token_hash", "token_hash", unique=True),
        Index("idx_api_tokens_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Token number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose token."""
    name: Mapped[str] = mapped_column(String(100))
    """What the owner calls it."""
    token_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the token, which is shown once."""
    hint: Mapped[str] = mapped_column(String(12))
    """Its first characters, to tell tokens apart."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    expires_at: Mapped[datetime]
    """When it stops working."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """The permissions it was given; its owner's own records need none."""
    read_only: Mapped[bool] = mapped_column(server_default=false())
    """Whether it may change nothing."""
    last_used_at: Mapped[datetime | None]
    """When it was last used, to the minute."""
    revoked_at: Mapped[datetime | None]
    """When it was revoked."""
