"""xAPI statements: what happened, as an actor, a verb and an object; and what each can be found by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class XapiStatement(Base):
    """A learning statement. Written once and never changed, except for the mark that it is voided.

    The program's database role can neither delete a statement nor update another column.
    """

    __tablename__ = "xapi_statements"
    __table_args__ = (
        Index("idx_xapi_user_id", "user_id"),
        Index("idx_xapi_timestamp", "timestamp"),
        Index("idx_xapi_verb_number", text("hashtext(verb)"), "id"),
        Index(
            "idx_xapi_registration", "registration", "id", postgresql_where=text("registration IS NOT NULL")
        ),
        Index(
            "idx_xapi_credential_key",
            "credential_id",
            "id",
            postgresql_where=text("credential_id IS NOT NULL"),
        ),
        CheckConstraint("num_nonnulls(payload, packed) = 1", name="check_xapi_statements_kept_once"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=FetchedValue())
    """Microseconds from 1970 to `stored`: the order of arrival, the bound of since/until and the cursor."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The account that the actor is; empty for an actor the school did not know when it was stored."""
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
    statement_id: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    """The statement's own id, the client's or ours."""
    stored: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the store accepted it; grows with `id`."""
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The whole statement as it is answered, of statements from before they were packed."""
    version: Mapped[str] = mapped_column(Text)
    """xAPI version of the statement, `1.0.0` or `2.0.0`, say."""
    registration: Mapped[UUID | None]
    """`context.registration`."""
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("xapi_credentials.id"))
    """The credential it was written with; empty for the product's own events."""
    is_voided: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether another statement voided it."""
    octets: Mapped[int | None]
    """How long the whole statement is, unpacked."""
    actor_id: Mapped[int | None]
    """The actor (`xapi_actors.id`); empty for a group without an identifier."""
    packed: Mapped[bytes | None]
    """The whole statement as it is answered, packed (`app.lrs.engine.statements.packing`)."""


class XapiStatementActor(Base):
    """Which actors stand in a statement, and where.

    A row also says: this statement is found by that actor because it refers (StatementRef, directly or through
    others) to `subject_id`, in which the actor stands. Rows are derived from statements and have no foreign
    keys: checking them would double the cost of every write.
    """

    __tablename__ = "xapi_statement_actors"
    __table_args__ = (
        PrimaryKeyConstraint(
            "actor_id", "direct", "statement_id", "subject_id", name="pk_xapi_statement_actors"
        ),
    )

    actor_id: Mapped[int]
    """The actor (`xapi_actors.id`)."""
    direct: Mapped[bool]
    """Whether it is the statement's actor or object, or a member of such a group; else only related."""
    statement_id: Mapped[int] = mapped_column(BigInteger)
    """The statement that is found (`xapi_statements.id`)."""
    subject_id: Mapped[int] = mapped_column(BigInteger)
    """The statement in which the actor stands: the same one, or one it refers to."""
    usage: Mapped[int] = mapped_column(SmallInteger)
    """Bits: 1 actor, 2 object, 4 authority, 8 instructor, 16 team, 32 context agent, 64 context group; a
    SubStatement's are those times 256."""


class XapiStatementActivity(Base):
    """Which activities stand in a statement, and where; see `XapiStatementActor`."""

    __tablename__ = "xapi_statement_activities"
    __table_args__ = (
        PrimaryKeyConstraint(
            "activity_id", "direct", "statement_id", "subject_id", name="pk_xapi_statement_activities"
        ),
        # Where in the table the rows of the newest statements stand: a few kilobytes.
        Index(
            "idx_xapi_statement_activities_statement_id",
            "statement_id",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": True},
        ),
    )

    activity_id: Mapped[int]
    """The activity (`xapi_activities.id`)."""
    direct: Mapped[bool]
    """Whether it is the statement's object; else only related."""
    statement_id: Mapped[int] = mapped_column(BigInteger)
    """The statement that is found (`xapi_statements.id`)."""
    subject_id: Mapped[int] = mapped_column(BigInteger)
    """The statement in which the activity stands: the same one, or one it refers to."""
    usage: Mapped[int] = mapped_column(SmallInteger)
    """Bits: 1 object, 2 parent, 4 grouping, 8 category, 16 other; a SubStatement's are those times 256."""


class XapiStatementRef(Base):
    """A statement whose object is another statement, and every statement reached that way."""

    __tablename__ = "xapi_statement_refs"
    __table_args__ = (
        PrimaryKeyConstraint("statement_id", "target", name="pk_xapi_statement_refs"),
        Index("idx_xapi_statement_refs_target", "target"),
        Index("idx_xapi_statement_refs_verb", "verb", "statement_id"),
        Index("idx_xapi_statement_refs_registration", "registration", "statement_id"),
    )

    statement_id: Mapped[int] = mapped_column(BigInteger)
    """The statement that refers (`xapi_statements.id`)."""
    target: Mapped[UUID]
    """The id of the statement referred to, which may not have arrived yet."""
    direct: Mapped[bool]
    """Whether the object itself names the target; else it was reached through others."""
    steps: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """How many references lead from the one to the other."""
    voids: Mapped[bool]
    """Whether it voids the target."""
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    """The target's `xapi_statements.id`, once it is there."""
    verb: Mapped[str | None] = mapped_column(Text)
    """The target's verb."""
    registration: Mapped[UUID | None]
    """The target's registration."""
