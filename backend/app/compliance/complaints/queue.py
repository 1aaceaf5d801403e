"""Complaints whose next step is the school's, for the queue."""

from app.compliance.complaints import policy, queries
from app.core.permissions import Permission
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "complaints",
        "Complaints",
        Permission.COMPLAINTS_MANAGE,
        lambda _session, subject, today: queries.waiting(policy.visible(subject), today),
        "Acknowledged and decided within the days of the school’s complaints policy.",
        order=3,
    )
)
