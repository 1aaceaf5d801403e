"""Who has packets prepared for an inspector. Other people's students are not found."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_INSPECTION = "There is no such inspection, or you don’t have access to it."


def may_run(subject: Actor) -> bool:
    """The registrar on the inspector's behalf, and an inspector who was given the auditor's duty."""
    return subject.may(Permission.INSPECTIONS_RUN)


def require_run(subject: Actor) -> None:
    """Raises Forbidden unless `may_run`."""
    if not may_run(subject):
        raise Forbidden("Your duties do not include inspections. Ask the registrar.")


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student whom the person knows of."""
    return visibility.limit(session, subject, Records.STUDENTS, column)
