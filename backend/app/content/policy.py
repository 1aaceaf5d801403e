"""May this person do this with a lesson's content?"""

from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Subject
from app.core.visibility import Records


def may_manage(subject: Subject) -> None:
    """Upload, replace and preview packages: the school's staff."""
    if not subject.is_staff:
        raise Forbidden("Only the school's staff may change the content of lessons.")


def may_preview(subject: Subject) -> None:
    """Play without a record: the school's staff."""
    if not subject.is_staff:
        raise Forbidden("Only the school's staff may preview lessons.")


def may_read_attempts(session: Session, subject: Subject, user_id: int) -> None:
    """One's own attempts always; others' as far as the person's duties and classes reach. Others' are not there."""
    if not visibility.may_see(session, subject, Records.STUDENTS, user_id):
        raise NotFound("There is no such record.")
