"""What leaves of absence do every morning: reminders of the return."""

from typing import Any

import structlog

from app.core import clock
from app.core.jobs import jobs, task
from app.enrollment.leaves import notices
from app.school import service as school

log = structlog.get_logger(__name__)


# Before sunrise everywhere in the United States, as other mail of the morning.
@jobs.periodic(cron="33 11 * * *", periodic_id="leaves.remind")
@task("leaves.remind", queue="mail")
def remind(context: Any, timestamp: int) -> None:
    """Remind students on leave of the day on which they are expected; run twice it does nothing more."""
    known = context.additional_context
    with known["database"].begin() as session:
        today = clock.today(school.facts(session).zone)
        log.info("leaves_reminded", sent=notices.remind(session, known["settings"], today))
