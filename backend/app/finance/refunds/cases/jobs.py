"""What refunds do later: warnings about deadlines, every morning."""

from typing import Any

from app.core import clock
from app.core.jobs import jobs, task
from app.finance.refunds.cases import notices


@jobs.periodic(cron="19 6 * * *", periodic_id="refunds.warn")
@task("refunds.warn")
def warn(context: Any, timestamp: int) -> None:
    """Mail about refunds whose deadline comes near."""
    today = clock.today(context.additional_context["settings"].zone)
    with context.additional_context["database"].begin() as session:
        notices.warn(session, today)
