"""Counters of what may be done so many times."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class LimitCounter(Base):
    """How much of a limit is used up. UNLOGGED: a crash of the server empties it, and no standby has it."""

    __tablename__ = "limit_counters"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own contract

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    """The limit's name and a hash of what it is counted for."""
    full_at: Mapped[datetime]
    """When all of it will be free again."""
