"""What the ledger does later."""

from typing import Any

import structlog

from app.core.jobs import jobs, task
from app.finance.ledger.balances import service as balances

log = structlog.get_logger(__name__)


@jobs.periodic(cron="37 2 * * *", periodic_id="ledger.check")
@task("ledger.check")
def check(context: Any, timestamp: int) -> None:
    """Compare the balances with the postings, every night; a difference is in the log and in the history."""
    with context.additional_context["database"].begin() as session:
        found = balances.check(session)
    if found.differences:
        log.error("ledger_differs", differences=found.differences, first=found.named[0])
