"""Documents of the LRS: activity state, agent profiles, activity profiles; and attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiDocument(Base):
    """One document of the State, Agent Profile or Activity Profile resource."""

    __tablename__ = "xapi_documents"
    __table_args__ = (
        Index(
            "uq_xapi_documents_key",
            "kind",
            "actor_id",
            "activity_id",
            "registration",
            "document_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("idx_xapi_documents_actor_id", "actor_id"),
        Index("idx_xapi_documents_activity_id", "activity_id"),
        CheckConstraint(
            "kind = 'state' AND actor_id IS NOT NULL AND activity_id IS NOT NULL"
            " OR kind = 'agent_profile' AND actor_id IS NOT NULL AND activity_id IS NULL"
            " AND registration IS NULL"
            " OR kind = 'activity_profile' AND actor_id IS NULL AND activity_id IS NOT NULL"
            " AND registration IS NULL",
            name="check_xapi_documents_key",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    kind: Mapped[str] = mapped_column(Text)
    """`state`, `agent_profile` or `activity_profile`."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("xapi_actors.id"))
    """The agent of a state or agent profile."""
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("xapi_activities.id"))
    """The activity of a state or activity profile."""
    registration: Mapped[UUID | None]
    """The registration of a state, where it has one."""
    document_id: Mapped[str] = mapped_column(Text)
    """`stateId` or `profileId`."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """The document, byte for byte."""
    content_type: Mapped[str] = mapped_column(Text)
    """Its media type as the client sent it."""
    etag: Mapped[str] = mapped_column(Text)
    """SHA-1 of the content in hex (1.0.3 Communication 3.1 names the algorithm)."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was written last; what `since` and Last-Modified speak of."""


class XapiAttachment(Base):
    """The bytes of an attachment, known by the SHA-2 that statements name."""

    __tablename__ = "xapi_attachments"

    sha2: Mapped[str] = mapped_column(Text, primary_key=True)
    """The hash in lower-case hex, as the statement names it (SHA-224 to SHA-512)."""
    sha256: Mapped[str] = mapped_column(Text)
    """The file's name in the file store."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    """Its length in octets."""
    content_type: Mapped[str] = mapped_column(Text)
    """The media type it first came with."""
    created_at: Mapped[CreatedAt]
    """When it was first received."""
