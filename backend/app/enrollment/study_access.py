"""May this enrollment be studied? And what ends with it, as higher rooms register it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.permissions import internal
from app.db.models import Enrollment, EnrollmentStatus
from app.enrollment import queries
from app.rules.lesson_access import why_closed
from app.settings import Settings, get_settings

_ENDED = {
    EnrollmentStatus.COMPLETED: "Your program is completed, so nothing more is recorded. "
    "What was saved before is kept.",
    EnrollmentStatus.WITHDRAWN: "You are no longer enrolled in this program, so nothing more is recorded. "
    "What was saved before is kept.",
}


@dataclass(frozen=True, slots=True)
class Study:
    """The enrollment in which a student opens a lesson. Work `counts` while it is active; a completed one is
    looked at again, and nothing is recorded."""

    enrollment_id: int
    counts: bool


@internal("finds where a student's own work in a lesson counts")
def study_for(session: Session, *, user_id: int, lesson_id: int) -> Study:
    """As `find_study`. Raises NotFound when there is none."""
    found = find_study(session, user_id=user_id, lesson_id=lesson_id)
    if found is None:
        raise NotFound("There is no such lesson in a program you are enrolled in.")
    return found


@internal("finds where a student's work in a lesson counts, for who may see it")
def find_study(session: Session, *, user_id: int, lesson_id: int) -> Study | None:
    """The student's enrollment that opens this lesson, an active one before a completed one."""
    found = queries.studied(session, user_id, lesson_id)
    return None if found is None else Study(found[0], found[1] is EnrollmentStatus.ACTIVE)


@internal("a step of a report whose launch was allowed")
def hold_for_study(session: Session, enrollment_id: int) -> Enrollment:
    """The enrollment, locked until the transaction ends, so that two windows agree. Raises Conflict with a sentence
    for the student unless its work counts, NotFound for none."""
    record = queries.get(session, enrollment_id, lock=True)
    if record is None:
        raise NotFound("There is no such enrollment.")
    if record.status in _ENDED:
        raise Conflict(_ENDED[record.status])
    return record


@internal("a step of opening a lesson that is the student's")
def why_not_open(session: Session, enrollment_id: int, lesson_id: int) -> str | None:
    """A sentence for the student while a lesson opens later, or asks for another one first; None for an open one."""
    settings: Settings = session.info.get("settings") or get_settings()
    reason = why_closed(queries.access_of(session, enrollment_id, lesson_id), clock.today(settings.zone))
    return None if reason is None else f"This lesson is not open yet. {reason}"


@internal("a step of opening a lesson that is the student's")
def require_open(session: Session, enrollment_id: int, lesson_id: int) -> None:
    """Raises Conflict for a lesson that is not open yet."""
    reason = why_not_open(session, enrollment_id, lesson_id)
    if reason is not None:
        raise Conflict(reason)


Follow = Callable[[Session, int, EnrollmentStatus], None]
_follow: dict[str, Follow] = {}


@internal("wires rooms together at import")
def register_end(name: str, follow: Follow) -> None:
    """Have `follow` called with an enrollment's number and its state when it ends, in the transaction of the end."""
    _follow[name] = follow


def ended(session: Session, record: Enrollment) -> None:
    """An enrollment has just been completed or withdrawn. Whoever is withdrawn has no API tokens any more."""
    if record.status is EnrollmentStatus.WITHDRAWN:
        accounts.revoke_tokens_for(session, record.user_id, "Its owner was withdrawn from the program")
    for follow in _follow.values():
        follow(session, record.id, record.status)
