"""Statements added up by quarter hour, for the charts. `app.lrs.desk.rollups` writes them, after the statements.

A quarter is the number of the quarter hour from 1970 in UTC. Midnight of every time zone in use falls between two of
them, so that days of any zone are made of whole quarters.
"""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class XapiRollupState(Base):
    """How far the statements are added up. At most one row, which whoever adds up holds until the commit."""

    __tablename__ = "xapi_rollup_state"
    __table_args__ = (CheckConstraint("is_only", name="check_xapi_rollup_state_is_only"),)

    is_only: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    """Always true."""
    rolled_to: Mapped[int | None] = mapped_column(BigInteger)
    """Statements up to this `xapi_statements.id` are added up; empty when all must be added up again."""


class XapiRollupChange(Base):
    """A statement that was voided after it was written. A trigger adds these; adding up takes them away."""

    __tablename__ = "xapi_rollup_changes"
    __table_args__ = (Index("idx_xapi_rollup_changes_statement_id", "statement_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Row number."""
    statement_id: Mapped[int] = mapped_column(BigInteger)
    """The statement (`xapi_statements.id`)."""
    sign: Mapped[int] = mapped_column(SmallInteger)
    """-1 for one that was voided; 1 for one that is valid again."""


class XapiRollupVerb(Base):
    """A verb."""

    __tablename__ = "xapi_rollup_verbs"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    iri: Mapped[str] = mapped_column(Text, unique=True)
    """IRI of the verb."""


class XapiRollupPlace(Base):
    """Activities that stand together in statements: a lesson, its module and its program."""

    __tablename__ = "xapi_rollup_places"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    activities: Mapped[list[int]] = mapped_column(ARRAY(INTEGER), unique=True)
    """The activities (`xapi_activities.id`), ascending."""


class XapiRollupAttempt(Base):
    """What one actor does with one object under one registration: of its time, one account counts."""

    __tablename__ = "xapi_rollup_attempts"
    __table_args__ = (
        Index("idx_xapi_rollup_attempts_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index(
            "idx_xapi_rollup_attempts_contested",
            "last_quarter",
            "first_quarter",
            "id",
            postgresql_where=text("is_contested"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Row number."""
    key: Mapped[UUID] = mapped_column(unique=True)
    """Hash of the actor, the object and the registration."""
    user_id: Mapped[int | None]
    """The account that the actor is."""
    first_quarter: Mapped[int | None]
    """The first quarter with a duration."""
    last_quarter: Mapped[int | None]
    """The last quarter with a duration."""
    is_contested: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether several verbs say how long it took: which of them counts depends on the period."""


class XapiRollupPart(Base):
    """The statements of one attempt, quarter hour, verb, tenth of a score and place."""

    __tablename__ = "xapi_rollup_parts"
    __table_args__ = (
        PrimaryKeyConstraint(
            "attempt_id", "quarter", "verb_id", "tenth", "place_id", name="pk_xapi_rollup_parts"
        ),
        Index("idx_xapi_rollup_parts_quarter", "quarter", postgresql_using="brin"),
    )

    attempt_id: Mapped[int]
    """The attempt (`xapi_rollup_attempts.id`)."""
    quarter: Mapped[int]
    """The quarter hour of the statements' timestamp."""
    verb_id: Mapped[int]
    """The verb (`xapi_rollup_verbs.id`)."""
    place_id: Mapped[int]
    """The place (`xapi_rollup_places.id`)."""
    statements: Mapped[int]
    """How many there are."""
    tenth: Mapped[int] = mapped_column(SmallInteger)
    """Of a scaled score, 0 to 9; -1 without a score from 0 to 1."""
    seconds: Mapped[Decimal] = mapped_column(Numeric)
    """How long they say that it took."""
    counted: Mapped[Decimal] = mapped_column(Numeric)
    """What of it counts as time of learning, when all time is looked at."""


class XapiRollupQuarter(Base):
    """All parts of one quarter hour, verb and tenth of a score: what a chart of everybody adds up."""

    __tablename__ = "xapi_rollup_quarters"
    __table_args__ = (PrimaryKeyConstraint("quarter", "verb_id", "tenth", name="pk_xapi_rollup_quarters"),)

    quarter: Mapped[int]
    """The quarter hour."""
    verb_id: Mapped[int]
    """The verb (`xapi_rollup_verbs.id`)."""
    statements: Mapped[int]
    """How many there are."""
    tenth: Mapped[int] = mapped_column(SmallInteger)
    """Of a scaled score, 0 to 9; -1 without a score from 0 to 1."""
    seconds: Mapped[Decimal] = mapped_column(Numeric)
    """How long they say that it took."""
    counted: Mapped[Decimal] = mapped_column(Numeric)
    """What of it counts as time of learning, when all time is looked at."""
