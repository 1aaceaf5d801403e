"""What of grades waits for the office, for the queue."""

from app.compliance.grades import policy
from app.compliance.grades.finals import queries as finals
from app.compliance.grades.reviews import queries as reviews
from app.core.permissions import Permission
from app.db.models import Enrollment
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "final_grades",
        "Final grades to approve",
        Permission.GRADES_APPROVE,
        lambda session, subject, _today: finals.classes_to_approve(
            policy.visible(session, subject, Enrollment.user_id)
        ),
        order=20,
    ),
    QueueKind(
        "grade_changes",
        "Grade changes to decide",
        Permission.GRADES_APPROVE,
        lambda session, subject, _today: finals.changes_to_decide(
            policy.visible(session, subject, Enrollment.user_id)
        ),
        order=21,
    ),
    QueueKind(
        "progress_appeals",
        "Appeals of academic progress",
        Permission.GRADES_APPROVE,
        lambda session, subject, _today: reviews.appeals_to_decide(
            policy.visible(session, subject, Enrollment.user_id)
        ),
        order=22,
    ),
)
