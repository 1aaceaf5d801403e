"""Who may use the LRS, and where its statements are passed on to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiCredential(Base):
    """A key and the hash of its secret, with scopes; or a learner's launch token."""

    __tablename__ = "xapi_credentials"
    __table_args__ = (
        Index("idx_xapi_credentials_user_id", "user_id"),
        Index("idx_xapi_credentials_created_by", "created_by"),
        CheckConstraint("kind IN ('client', 'launch')", name="check_xapi_credentials_kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    key: Mapped[str] = mapped_column(Text, unique=True)
    """The user name of HTTP Basic; random, public."""
    secret_hash: Mapped[str] = mapped_column(Text)
    """SHA-256 of the secret in hex. The secret has 256 random bits and is shown once."""
    kind: Mapped[str] = mapped_column(Text)
    """`client` for a system, `launch` for one learner's session with one piece of content."""
    label: Mapped[str] = mapped_column(Text)
    """What people call it."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What it may do, in xAPI's words (`statements/write`, `all/read`, …)."""
    authority: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The Agent that stands as authority in statements written with it."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The learner of a launch token."""
    agent: Mapped[str | None] = mapped_column(Text)
    """Identity of the only actor a launch token may speak of."""
    activity: Mapped[str | None] = mapped_column(Text)
    """IRI of the activity a launch token was made for."""
    registration: Mapped[UUID | None]
    """Registration a launch token was made for."""
    rate_limit_per_minute: Mapped[int | None]
    """Requests a minute; empty for no limit."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who made it."""
    created_at: Mapped[CreatedAt]
    """When it was made."""
    rotated_at: Mapped[datetime | None]
    """When its secret was last replaced."""
    expires_at: Mapped[datetime | None]
    """When it stops working."""
    revoked_at: Mapped[datetime | None]
    """When it was withdrawn."""
    last_used_at: Mapped[datetime | None]
    """When it was last presented, to the minute."""


class XapiForwarder(Base):
    """Another LRS that receives our statements, and how far it has got."""

    __tablename__ = "xapi_forwarders"
    __table_args__ = (CheckConstraint("version IN ('1.0.3', '2.0.0')", name="check_xapi_forwarders_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    label: Mapped[str] = mapped_column(Text)
    """What people call it."""
    endpoint: Mapped[str] = mapped_column(Text)
    """Its xAPI endpoint, without `/statements`."""
    username: Mapped[str] = mapped_column(Text)
    """User name of HTTP Basic there."""
    password_sealed: Mapped[str] = mapped_column(Text)
    """The password, encrypted under the program's secret key."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether statements are passed on now."""
    after_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """The last `xapi_statements.id` that was passed on or put aside."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Attempts that failed in a row."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """What the last failed attempt ended in."""
    last_success_at: Mapped[datetime | None]
    """When statements were passed on last."""
    next_attempt_at: Mapped[datetime | None]
    """Not before this moment; set after a failure."""
    created_at: Mapped[CreatedAt]
    """When it was set up."""
    version: Mapped[str] = mapped_column(Text, server_default=text("'1.0.3'"))
    """The xAPI version spoken with it."""
    verb: Mapped[str | None] = mapped_column(Text)
    """Only statements with this verb's IRI, where given."""
    activity: Mapped[str | None] = mapped_column(Text)
    """Only statements about this activity or something within it, where given."""
    sent: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """How many statements have been passed on."""


class XapiDeadLetter(Base):
    """A statement that another store refused for good."""

    __tablename__ = "xapi_dead_letters"
    __table_args__ = (PrimaryKeyConstraint("forwarder_id", "statement_id", name="pk_xapi_dead_letters"),)

    forwarder_id: Mapped[int] = mapped_column(ForeignKey("xapi_forwarders.id", ondelete="CASCADE"))
    """Where it should have gone."""
    statement_id: Mapped[int] = mapped_column(BigInteger)
    """The statement (`xapi_statements.id`)."""
    error: Mapped[str] = mapped_column(Text)
    """What the other store answered."""
    created_at: Mapped[CreatedAt]
    """When it was put aside."""
