"""Who may look at the results of quizzes, and grant more time."""

from sqlalchemy.orm import Session

from app.content import policy
from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records


def may_read(subject: Actor) -> bool:
    """Those who see lessons and students, of whom each sees their own."""
    return policy.may_read(subject) and visibility.sees_some(subject, Records.STUDENTS)


def require_read(subject: Actor) -> None:
    """Raises Forbidden unless `may_read`."""
    if not may_read(subject):
        raise Forbidden("Your duties do not include the results of students.")


def may_accommodate(subject: Actor) -> bool:
    """Grant more time or attempts: whoever marks lessons of students."""
    return may_read(subject) and subject.may(Permission.ENROLLMENTS_MARK_LESSONS)


def require_accommodate(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for a student one does not see and for oneself, Forbidden unless `may_accommodate`."""
    require_read(subject)
    if not may_accommodate(subject):
        raise Forbidden("Your duties do not include granting extra time. Ask the instructor.")
    if subject.user_id == user_id or not policy.may_read_attempts(session, subject, user_id):
        raise NotFound("There is no such student.")
