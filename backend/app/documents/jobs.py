"""What the documents room does later."""

from typing import Any

from app.core import clock
from app.core.jobs import jobs, task
from app.documents import numbers
from app.documents.keys import service as keys


@jobs.periodic(cron="23 * * * *", periodic_id="documents.give_up_abandoned")
@task("documents.give_up_abandoned")
def give_up_abandoned(context: Any, timestamp: int) -> None:
    """Make void what a stopped server left reserved, and renew certificates before they end."""
    known = context.additional_context
    with known["database"].begin() as session:
        numbers.give_up_abandoned(session, clock.now())
        keys.ensure(session, known["settings"])
