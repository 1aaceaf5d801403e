"""Who has packets prepared for an inspector. Other people's students are not found."""

from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records
from app.db.models import InspectionPacket

NOT_YOURS = (
    "Only the person who had this packet prepared can download it, because it leaves out what they may not see. "
    "Start an inspection of your own for the same students; that takes a minute."
)
NO_INSPECTION = "There is no such inspection, or you don’t have access to it."


def may_run(subject: Actor) -> bool:
    """The registrar on the inspector's behalf, and an inspector who was given the auditor's duty."""
    return subject.may(Permission.INSPECTIONS_RUN)


def require_run(subject: Actor) -> None:
    """Raises Forbidden unless `may_run`."""
    if not may_run(subject):
        raise Forbidden("Your duties do not include inspections. Ask the registrar.")


def may_open(subject: Actor, row: InspectionPacket) -> bool:
    """Download a packet: it has what its asker may have, which others may not."""
    return may_run(subject) and row.asked_by is not None and row.asked_by == subject.user_id


def require_open(subject: Actor, row: InspectionPacket) -> None:
    """Raises NotFound unless `may_open`."""
    if not may_open(subject, row):
        raise NotFound(NOT_YOURS)


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds a student whom the person knows of.

    Of deleted accounts too: the school keeps their records, and the authority's own list has them.
    """
    if visibility.sees_all(subject, Records.STUDENTS):
        return true()
    return visibility.limit(session, subject, Records.STUDENTS, column)
