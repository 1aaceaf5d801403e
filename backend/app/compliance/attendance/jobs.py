"""What attendance does later."""

from typing import Any

import structlog

from app.compliance.attendance.totals import service as totals
from app.core.jobs import jobs, task

log = structlog.get_logger(__name__)


@jobs.periodic(cron="27 2 * * *", periodic_id="attendance.check_totals")
@task("attendance.check_totals")
def check_totals(context: Any, timestamp: int) -> None:
    """Compare the totals with the records, every night; a difference stands on the Operations page."""
    with context.additional_context["database"].begin() as session:
        found = totals.check(session)
    if found.differences:
        log.error("attendance_totals_differ", differences=found.differences, first=found.named[0])
