"""Who sees and keeps externships. Other people's are not found rather than forbidden."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_EXTERNSHIP = "There is no such externship, or you don’t have access to it."
NO_SITE = "There is no such externship site, or you don’t have access to it."
NO_HOURS = "There are no such hours, or you don’t have access to them."


def may_list(subject: Actor) -> bool:
    """The staff's list of externships: everybody's, or those of one's own classes."""
    return visibility.sees_some(subject, Records.EXTERNSHIPS)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for those who work with externships. Your own is under Externship.")


def visible(session: Session, subject: Actor, column: Any) -> ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whose externships the person may see."""
    return visibility.limit(session, subject, Records.EXTERNSHIPS, column)


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """One's own externships always; others' as far as the person's duties and classes reach."""
    return visibility.may_see(session, subject, Records.EXTERNSHIPS, user_id)


def may_read_sites(subject: Actor) -> bool:
    """Sites with their agreements and supervisors."""
    return subject.may(Permission.EXTERNSHIPS_READ_ALL)


def require_read_sites(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_sites`."""
    if not may_read_sites(subject):
        raise Forbidden("Your duties do not include externship sites.")


def may_manage(subject: Actor, student_id: int | None = None) -> bool:
    """Keep sites, place students, verify hours; never one's own."""
    return subject.may(Permission.EXTERNSHIPS_MANAGE) and subject.user_id != student_id


def require_manage(subject: Actor, student_id: int | None = None) -> None:
    """Raises Forbidden unless `may_manage`."""
    if not subject.may(Permission.EXTERNSHIPS_MANAGE):
        raise Forbidden("Your duties do not include keeping externships. Ask the registrar.")
    if student_id is not None:
        require_not_own(subject, student_id, "externship")


def require_own(subject: Actor, user_id: int, missing: str = NO_EXTERNSHIP) -> None:
    """Raises NotFound for anybody but the student: only they log their hours."""
    if subject.user_id != user_id or not subject.is_student:
        raise NotFound(missing)
