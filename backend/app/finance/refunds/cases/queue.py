"""What of refunds waits for the office, for the queue."""

from app.core.permissions import Permission
from app.finance.refunds.cases import policy, queries
from app.web import queue
from app.web.queue import QueueKind

_BECAUSE = (
    "A refund is paid within the days of the refund policy (GNPEC Standard 12: 45), 40 if VA paid "
    "(38 CFR 21.4255)."
)

queue.register(
    QueueKind(
        "refunds_to_approve",
        "Refunds to approve",
        Permission.REFUNDS_APPROVE,
        lambda session, subject, _today: queries.waiting(
            policy.visible(session, subject, queries.STUDENT),
            queries.TO_APPROVE,
        ),
        _BECAUSE,
        order=42,
    ),
    QueueKind(
        "refunds_to_remit",
        "Refunds to pay out or compute again",
        Permission.LEDGER_POST,
        lambda session, subject, _today: queries.waiting(
            policy.visible(session, subject, queries.STUDENT),
            queries.TO_HANDLE,
        ),
        _BECAUSE,
        order=43,
    ),
)
