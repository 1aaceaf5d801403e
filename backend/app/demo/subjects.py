"""People of the demo school as the services see them: what is made after its commit is made in their name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Duty, Role, Subject
from app.db.models import User


def subject_of(session: Session, email: str, *duties: Duty) -> Subject:
    """Signed in a moment ago. Without `duties` all that the role may."""
    user = session.scalars(select(User).where(User.email == email)).one()
    return Subject(
        user.id,
        user.email,
        user.full_name,
        Role(user.role),
        duties=frozenset(duties) or None,
        proved_at=clock.now(),
    )
