"""The purge, every night."""

from typing import Any

from app.core.jobs import jobs, task
from app.ops.retention import service


@jobs.periodic(cron="17 3 * * *", periodic_id="retention.purge")
@task("retention.purge")
def purge(context: Any, timestamp: int) -> None:
    """Remove what is due by the school's policy."""
    service.purge(context.additional_context["database"])
