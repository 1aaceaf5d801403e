"""Who may grant more time in quizzes. Who may look at their results: `app.content.policy`."""

from sqlalchemy.orm import Session

from app.content import policy
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission


def may_accommodate(subject: Actor) -> bool:
    """Grant more time or attempts: whoever marks lessons of students."""
    return policy.may_read_results(subject) and subject.may(Permission.ENROLLMENTS_MARK_LESSONS)


def require_accommodate(session: Session, subject: Actor, user_id: int) -> None:
    """Raises NotFound for a student one does not see and for oneself, Forbidden unless `may_accommodate`."""
    policy.require_read_results(subject)
    if not may_accommodate(subject):
        raise Forbidden("Your duties do not include granting extra time. Ask the instructor.")
    if subject.user_id == user_id or not policy.may_read_attempts(session, subject, user_id):
        raise NotFound("There is no such student.")
