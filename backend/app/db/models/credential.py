"""Certificates and other credentials."""

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, CreatedAt

if TYPE_CHECKING:
    from app.db.models.user import User


class Credential(Base):
    """A credential a student has earned."""

    __tablename__ = "credentials"
    __table_args__ = (
        Index("idx_credentials_user_id", "user_id"),
        Index("idx_credentials_program_id", "program_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Credential number."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    """The student."""
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="RESTRICT"))
    """The program."""
    credential_type: Mapped[str] = mapped_column(String(255))
    """What it certifies, such as `Dental Assistant Certification`."""
    cert_serial: Mapped[str | None] = mapped_column(String(100))
    """Serial number on the certificate."""
    issued_at: Mapped[date | None]
    """Date of issue."""
    created_at: Mapped[CreatedAt]
    """When the row was written."""

    user: Mapped["User"] = relationship(back_populates="credentials")
