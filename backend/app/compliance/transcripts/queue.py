"""What of transcripts waits for the office, for the queue."""

from app.compliance.transcripts.requests import queries
from app.core import visibility
from app.core.permissions import Permission
from app.core.visibility import Records
from app.db.models import TranscriptRequest
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "transcript_requests",
        "Transcript requests",
        Permission.DOCUMENTS_ISSUE,
        lambda session, subject, _today: queries.to_decide(
            visibility.limit(session, subject, Records.STUDENTS, TranscriptRequest.user_id)
        ),
        order=25,
    )
)
