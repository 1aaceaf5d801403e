"""What of externships waits for the office, for the queue."""

from app.compliance.externships import policy
from app.compliance.externships.placements import queries as placements
from app.compliance.externships.sites import queries as sites
from app.core.permissions import Permission
from app.db.models import Externship
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "externships",
        "Externships to verify",
        Permission.EXTERNSHIPS_MANAGE,
        lambda session, subject, today: placements.to_verify(
            policy.visible(session, subject, Externship.user_id), today
        ),
        order=33,
    ),
    QueueKind(
        "externship_agreements",
        "Externship agreements to renew",
        Permission.EXTERNSHIPS_MANAGE,
        lambda _session, _subject, today: sites.to_renew(today),
        "The last day that the site’s signed agreement covers.",
        order=34,
    ),
)
