"""The externship policy of a day."""

from datetime import date

from sqlalchemy.orm import Session

from app.school import service as school
from app.school.service import ExternshipPolicy, PolicyKind


def of(session: Session, day: date, *, use: bool = False) -> ExternshipPolicy:
    """The version in force; `use` for what is written down by it, so that it cannot change any more."""
    found = school.policies.at(session, PolicyKind.EXTERNSHIP, day)
    if use:
        school.policies.used(session, found)
    return found.values
