"""Runs of the nightly purge."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class PurgeRun(Base):
    """What a purge has removed so far. At most one is unfinished: one that was broken off goes on where it stopped."""

    __tablename__ = "purge_runs"
    __table_args__ = (
        Index(
            "uq_purge_runs_unfinished",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Run number."""
    started_at: Mapped[datetime]
    """When it began; ages are counted back from this moment, also when it goes on later."""
    policy_version: Mapped[int]
    """Version of the retention policy it goes by."""
    days: Mapped[dict[str, int]] = mapped_column(JSONB)
    """For how many days each kind was kept."""
    removed: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """How many of each kind have gone."""
    failed: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """Kinds that could not be removed, and why."""
    finished_at: Mapped[datetime | None]
    """When it was through; empty while it is at work, or was broken off."""
