"""Requests of students that wait, for the queue."""

from app.compliance.privacy import policy, queries
from app.core.permissions import Permission
from app.db.models import User
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "access_requests",
        "Requests to see records",
        Permission.PRIVACY_MANAGE,
        lambda session, subject, _today: queries.access_to_answer(policy.visible(session, subject, User.id)),
        "Answered within 45 days of the day the request came (FERPA, 34 CFR 99.10).",
        order=1,
    ),
    QueueKind(
        "amendment_requests",
        "Requests to amend records",
        Permission.PRIVACY_MANAGE,
        lambda session, subject, _today: queries.amendments_to_decide(
            policy.visible(session, subject, User.id)
        ),
        order=2,
    ),
)
