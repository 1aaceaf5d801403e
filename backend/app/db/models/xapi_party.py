"""The actors and activities that statements speak of, each kept once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiActor(Base):
    """An Agent or identified Group, known by its one identifier."""

    __tablename__ = "xapi_actors"
    __table_args__ = (Index("idx_xapi_actors_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    identity: Mapped[str] = mapped_column(Text, unique=True)
    """`mbox::mailto:…`, `sha1::…`, `openid::…` or `account::homePage name`."""
    agent: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The identifier as xAPI writes it, with objectType and without a name."""
    names: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """Every name it has been given, the first one first; at most 20."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The account it is, where the identifier names one."""
    created_at: Mapped[CreatedAt]
    """When it was first met."""


class XapiActivity(Base):
    """An Activity and what is known about it."""

    __tablename__ = "xapi_activities"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    iri: Mapped[str] = mapped_column(Text, unique=True)
    """The activity's id."""
    definition: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The store's own definition: language maps joined from all statements that may define."""
    created_at: Mapped[CreatedAt]
    """When it was first met."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the definition changed last."""
