"""Official transcripts."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class Transcript(Base):
    """An official transcript. Permanent (GNPEC Standard 6): nothing that the program may do removes one."""

    __tablename__ = "transcripts"
    __table_args__ = (
        Index("idx_transcripts_user_id", "user_id"),
        Index("idx_transcripts_program_id", "program_id"),
        CheckConstraint("gpa >= 0.0 AND gpa <= 4.0", name="check_gpa"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Transcript number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program."""
    gpa: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    """Grade point average, 0.00 to 4.00."""
    total_credits: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Credits earned."""
    generated_at: Mapped[datetime]
    """When it was issued."""
    pdf_url: Mapped[str | None] = mapped_column(String(512))
    """Address of the PDF."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""
