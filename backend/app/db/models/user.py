"""People: students, instructors and administrators."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Computed, Enum, Index, String, Text, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.permissions import Role
from app.db.base import Base, CreatedAt

if TYPE_CHECKING:
    from app.db.models.credential import Credential
    from app.db.models.enrollment import Enrollment

# Written as the database prints it, so that a comparison of the two finds no difference.
SEARCH_TEXT = "((search_fold((full_name)::text) || ' '::text) || search_fold((email)::text))"


class User(Base):
    """An account. Accounts are soft-deleted; one with permanent records cannot be removed at all."""

    __tablename__ = "users"
    __table_args__ = (
        Index("idx_users_email", "email", unique=True),
        Index("idx_users_role", "role"),
        Index(
            "idx_users_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        Index(
            "idx_users_name_order",
            func.lower(literal_column("full_name")),
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("idx_users_deleted", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        CheckConstraint("email = lower(email)", name="check_users_email_lower"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Account number."""
    email: Mapped[str] = mapped_column(String(255))
    """What the person signs in with; lower case, unique permanently, also after a soft delete."""
    hashed_password: Mapped[str] = mapped_column(String(255))
    """bcrypt hash; `!` for a person who has not set a password yet and `!applicant` for an applicant, which no
    password matches."""
    full_name: Mapped[str] = mapped_column(String(255))
    """Full legal name, as the transcript prints it."""
    role: Mapped[Role] = mapped_column(
        Enum(Role, name="user_role", values_callable=lambda labels: [label.value for label in labels])
    )
    """student, instructor or admin."""
    created_at: Mapped[CreatedAt]
    """When the account was made."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    """When the account last changed."""
    deleted_at: Mapped[datetime | None]
    """Soft delete: set means no sign-in and no lists; the records stay."""
    last_sign_in_at: Mapped[datetime | None]
    """When the person last signed in with success."""
    search_text: Mapped[str] = mapped_column(
        Text, Computed(SEARCH_TEXT, persisted=True), deferred=True, info={"folded": True}
    )
    """Name and address as a search compares them (`search_fold`); computed by the database."""

    enrollments: Mapped[list["Enrollment"]] = relationship(back_populates="user", passive_deletes=True)
    credentials: Mapped[list["Credential"]] = relationship(back_populates="user", passive_deletes="all")
