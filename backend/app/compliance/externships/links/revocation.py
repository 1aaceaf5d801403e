"""Links that stop working before their time."""

from datetime import date

from sqlalchemy.orm import Session

from app.compliance.externships.links import queries
from app.core import clock


def revoke_of(session: Session, supervisor_id: int) -> int:
    """Unused links that went to a supervisor stop working: the address was another one, or they are gone."""
    return queries.revoke_of(session, supervisor_id, clock.now())


def revoke(session: Session, externship_id: int, week: date | None = None) -> int:
    """Unused links of an externship, or of one week of it, stop working; how many there were."""
    return queries.revoke(session, externship_id, week, clock.now())
