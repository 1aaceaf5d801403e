"""What the content room does later."""

from typing import Any

from app.content.launches.ends import tell_ended
from app.core.jobs import jobs, task


@jobs.periodic(cron="*/10 * * * *", periodic_id="content.tell_ended")
@task("content.tell_ended")
def tell_ended_sessions(context: Any, timestamp: int) -> None:
    """Tell the record store of lesson sessions that ended by themselves."""
    tell_ended(context.additional_context["database"])
