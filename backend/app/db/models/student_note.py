"""Notes of the staff about a student."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.permissions import Duty
from app.db.base import Base, CreatedAt

_KNOWN = ", ".join(f"'{duty.value}'" for duty in Duty)


class StudentNote(Base):
    """A note. It is never changed or removed: a better one takes its place, and both are kept."""

    __tablename__ = "student_notes"
    __table_args__ = (
        Index("idx_student_notes_user_id", "user_id"),
        Index("idx_student_notes_author_id", "author_id"),
        Index("uq_student_notes_supersedes_id", "supersedes_id", unique=True),
        CheckConstraint("cardinality(audience) > 0", name="check_student_notes_audience"),
        CheckConstraint(f"audience <@ ARRAY[{_KNOWN}]::text[]", name="check_student_notes_duties"),
        CheckConstraint("supersedes_id <> id", name="check_student_notes_supersedes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Number of the note."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """The student it is about."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it."""
    author_name: Mapped[str] = mapped_column(Text)
    """Their name then."""
    audience: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """The duties whose people read it, besides its author."""
    body: Mapped[str] = mapped_column(Text)
    """What it says."""
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("student_notes.id", ondelete="CASCADE"))
    """The note whose place it takes."""
    written_at: Mapped[CreatedAt]
    """When it was written."""
