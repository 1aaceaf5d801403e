"""Figures of the system itself, measured again and again."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class MetricSample(Base):
    """What was measured at an instant: one row for each figure."""

    __tablename__ = "metric_samples"
    __table_args__ = (
        Index("uq_metric_samples_name", "name", "label", "at", unique=True),
        Index("idx_metric_samples_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Number of the row."""
    name: Mapped[str] = mapped_column(Text)
    """What was measured, such as `database_bytes`."""
    label: Mapped[str] = mapped_column(Text, server_default="")
    """What it is of, such as a table’s name; empty for the whole system."""
    at: Mapped[datetime]
    """When."""
    value: Mapped[float]
    """The figure, in the unit that its name says."""
