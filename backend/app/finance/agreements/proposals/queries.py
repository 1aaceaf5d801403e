"""What is asked before an agreement is sent."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import Role
from app.db.models import User


def is_of_staff(session: Session, email: str) -> bool:
    """Whether an address is that of an account of somebody who works for the school."""
    return bool(
        session.scalar(
            select(func.count()).where(
                func.lower(User.email) == email.lower(),
                User.role != Role.STUDENT,
                User.deleted_at.is_(None),
            )
        )
    )
