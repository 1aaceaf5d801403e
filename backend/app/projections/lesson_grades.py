"""Scores of lessons on their way into grade books.

What a student does in a lesson waits for no grade book: the score follows a moment later, and again changes nothing.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.compliance.grades import service as grades
from app.core.actions import Action
from app.db.models import AuditEntry
from app.projections.subscription import Subscriber
from app.school import service as school


def _apply(session: Session, entries: Sequence[AuditEntry]) -> None:
    zone = school.facts(session).zone
    for entry in entries:
        if entry.enrollment_id is not None:
            grades.follow_lesson(session, int(entry.details["lesson_id"]), entry.enrollment_id, zone)


SUBSCRIBER = Subscriber(
    name="lesson_grades",
    title="Lesson scores in grade books",
    actions=frozenset(
        {
            Action.HAND_IN_RELEASED,
            Action.LESSON_COMPLETED,
            Action.LESSON_COMPLETION_IMPROVED,
            Action.LESSON_COMPLETION_WITHDRAWN,
            Action.QUIZ_REGRADED,
            Action.QUIZ_SUBMITTED,
        }
    ),
    apply=_apply,
    replayable=True,
    from_now=True,
)
