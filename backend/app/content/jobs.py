"""What the content room does later."""

from typing import Any

from app.content.launches.unreported_ends import record_ended
from app.core.jobs import jobs, task


@jobs.periodic(cron="*/10 * * * *", periodic_id="content.record_ended")
@task("content.record_ended")
def record_ended_sessions(context: Any, timestamp: int) -> None:
    """Record the end of lesson sessions that ended by themselves."""
    record_ended(context.additional_context["database"])
