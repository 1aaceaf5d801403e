"""What happens to agreements later."""

from typing import Any

from app.core.jobs import jobs, task
from app.finance.agreements import service


@jobs.periodic(cron="7 * * * *", periodic_id="agreements.expire")
@task("agreements.expire")
def expire(context: Any, timestamp: int) -> None:
    """End agreements that nobody signed in time, and numbers that a stopped server left."""
    with context.additional_context["database"].begin() as session:
        service.expire(session)
        service.give_up_unfinished(session)
