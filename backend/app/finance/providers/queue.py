"""What of online payments waits for the bursar, for the queue."""

from app.core.permissions import Permission
from app.db.models import PaymentCheckout
from app.finance.ledger import policy
from app.finance.providers import queries
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "online_payments",
        "Online payments to look at",
        Permission.LEDGER_POST,
        lambda session, subject, _today: queries.waiting(
            policy.visible(session, subject, PaymentCheckout.student_id)
        ),
        order=45,
    )
)
