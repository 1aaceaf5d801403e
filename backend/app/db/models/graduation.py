"""Why a student graduated: the checklist as it stood when the registrar decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class GraduationDecision(Base):
    """The registrar's decision that an enrollment is completed, with what it rested on. Never changed."""

    __tablename__ = "graduation_decisions"
    __table_args__ = (Index("idx_graduation_decisions_decided_by", "decided_by"),)

    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The enrollment that was completed."""
    checklist: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Each requirement as it stood: name, title, state, sentence, number."""
    exception: Mapped[str | None] = mapped_column(Text)
    """Why the student graduated although something was missing; empty when nothing was."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided."""
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
