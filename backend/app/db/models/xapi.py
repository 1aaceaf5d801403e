"""xAPI statements: what happened, as an actor, a verb and an object."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiStatement(Base):
    """A learning statement. Written once, never changed."""

    __tablename__ = "xapi_statements"
    __table_args__ = (
        Index("idx_xapi_user_id", "user_id"),
        Index("idx_xapi_timestamp", "timestamp"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number, in the order of arrival."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The account that the actor is; empty for an actor the school does not know."""
    verb: Mapped[str] = mapped_column(Text)
    """IRI of the verb."""
    object_id: Mapped[str] = mapped_column(Text)
    """Identifier of the object: an activity's IRI, a statement's id, an agent's identifier."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The statement's result."""
    context: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The statement's context."""
    timestamp: Mapped[datetime]
    """When it happened."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
