"""The complaints policy of a day."""

from datetime import date

from sqlalchemy.orm import Session

from app.school import service as school
from app.school.service import ComplaintsPolicy, PolicyKind


def of(session: Session, day: date, *, use: bool = False) -> ComplaintsPolicy:
    """The version in force; `use` for what is written down by it, so that it cannot change any more."""
    found = school.policies.at(session, PolicyKind.COMPLAINTS, day)
    if use:
        school.policies.used(session, found)
    return found.values
