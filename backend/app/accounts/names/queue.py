"""What of names waits for the office, for the queue."""

from app.accounts.names import queries
from app.core import visibility
from app.core.permissions import Permission
from app.core.visibility import Records
from app.db.models import NameRequest
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "name_requests",
        "Name change requests to decide",
        Permission.STUDENT_FILES_CHANGE,
        lambda session, subject, _today: queries.to_decide(
            visibility.limit(session, subject, Records.STUDENTS, NameRequest.user_id)
        ),
        order=30,
    )
)
