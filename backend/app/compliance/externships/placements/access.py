"""An externship as somebody may read or keep it."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.externships import policy
from app.compliance.externships.placements import queries
from app.core.errors import Conflict, NotFound
from app.core.permissions import Actor
from app.db.models import Externship, ExternshipPlacement


def readable(session: Session, subject: Actor, externship_id: int, today: date) -> Any:
    """One externship with what belongs to it. Raises NotFound for other people's."""
    row = queries.one(session, externship_id, today)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(policy.NO_EXTERNSHIP)
    return row


def held(session: Session, subject: Actor, externship_id: int) -> tuple[Externship, ExternshipPlacement]:
    """One that the person keeps, locked. Raises NotFound, Forbidden for one's own."""
    found = queries.locked(session, externship_id)
    if found is None or not policy.may_read(session, subject, found[0].user_id):
        raise NotFound(policy.NO_EXTERNSHIP)
    policy.require_manage(subject, found[0].user_id)
    return found


def changeable(
    session: Session, subject: Actor, externship_id: int
) -> tuple[Externship, ExternshipPlacement]:
    """The same; raises Conflict once it is verified."""
    found = held(session, subject, externship_id)
    require_open(found[0])
    return found


def require_open(record: Externship) -> None:
    """Raises Conflict for an externship that is verified."""
    if record.verified:
        raise Conflict(
            "The hours of this externship are verified, so nothing was changed. The school office can take the "
            "verification back first."
        )
