"""What happens to agreements later."""

from typing import Any

from app.core.jobs import jobs, task
from app.finance.agreements import service


@jobs.periodic(cron="7 * * * *", periodic_id="agreements.expire")
@task("agreements.expire")
def expire(context: Any, timestamp: int) -> None:
    """End agreements that nobody signed in time."""
    with context.additional_context["database"].begin() as session:
        service.expire(session)
