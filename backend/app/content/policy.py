"""May this person do this with a lesson's content?"""

from app.core.errors import Forbidden, NotFound
from app.core.permissions import Subject


def may_manage(subject: Subject) -> None:
    """Upload, replace and preview packages: the school's staff."""
    if not subject.is_staff:
        raise Forbidden("Only school staff can change lesson content.")


def may_preview(subject: Subject) -> None:
    """Play without a record: the school's staff."""
    if not subject.is_staff:
        raise Forbidden("Only school staff can preview lessons.")


def may_read_attempts(subject: Subject, user_id: int) -> None:
    """A student reads her own attempts, staff everyone's. Others' are not there."""
    if not subject.is_staff and subject.user_id != user_id:
        raise NotFound("There is no such record.")
