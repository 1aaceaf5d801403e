"""The school's own certificates: what documents are signed with, and what proves it for good."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class SigningKey(Base):
    """A certificate with its private key. Rows stay for good: old documents are verified with old certificates."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index("idx_signing_keys_issuer_id", "issuer_id"),
        Index(
            "uq_signing_keys_one_current", "role", unique=True, postgresql_where=text("retired_at IS NULL")
        ),
        CheckConstraint("role IN ('root', 'registrar', 'badges')", name="check_signing_keys_role"),
        CheckConstraint("(role = 'root') = (issuer_id IS NULL)", name="check_signing_keys_issuer"),
        CheckConstraint("not_after > not_before", name="check_signing_keys_validity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Key number."""
    role: Mapped[str] = mapped_column(Text)
    """`root`, the school's certificate authority; `registrar`, which signs documents; `badges`, which signs badges."""
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("signing_keys.id", ondelete="RESTRICT"))
    """The root that issued the certificate; empty for a root."""
    subject: Mapped[str] = mapped_column(Text)
    """Whom the certificate names."""
    fingerprint: Mapped[str] = mapped_column(Text, unique=True)
    """SHA-256 of the certificate in hex."""
    certificate_pem: Mapped[str] = mapped_column(Text)
    """The certificate."""
    key_sealed: Mapped[str | None] = mapped_column(Text)
    """The private key, encrypted under a key made from SECRET_KEY; empty once it was destroyed."""
    not_before: Mapped[datetime]
    """When the certificate begins to hold."""
    not_after: Mapped[datetime]
    """When it ends."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
    retired_at: Mapped[datetime | None]
    """When it signed for the last time; what it signed stays good."""
    revoked_at: Mapped[datetime | None]
    """When it was revoked because somebody else may have the key."""


class SigningCrl(Base):
    """A list of revoked certificates as it was published; old ones stay, they prove what was good then."""

    __tablename__ = "signing_crls"
    __table_args__ = (UniqueConstraint("issuer_id", "number", name="uq_signing_crls_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    issuer_id: Mapped[int] = mapped_column(ForeignKey("signing_keys.id", ondelete="RESTRICT"))
    """The root that signed it."""
    number: Mapped[int]
    """The CRL number, counted up from 1."""
    crl_pem: Mapped[str] = mapped_column(Text)
    """The list."""
    this_update: Mapped[datetime]
    """When it was made."""
    next_update: Mapped[datetime]
    """Until when it is fresh."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
