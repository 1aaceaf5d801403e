"""What externships do later."""

from typing import Any

import structlog

from app.compliance.externships.sites import service as sites
from app.compliance.externships.verification import service as verification
from app.compliance.externships.weeks import service as weeks
from app.core import clock
from app.core.jobs import jobs, task
from app.school import service as school

log = structlog.get_logger(__name__)


@jobs.periodic(cron="23 12 * * 1", periodic_id="externships.send_weeks")
@task("externships.send_weeks", queue="mail")
def send_weeks(context: Any, timestamp: int) -> None:
    """Mail supervisors a link for last week's hours, every Monday."""
    database = context.additional_context["database"]
    with database.begin() as session:
        zone = school.facts(session).zone
    weeks.send_due(database, zone)


@jobs.periodic(cron="47 11 * * *", periodic_id="externships.remind")
@task("externships.remind", queue="mail")
def remind(context: Any, timestamp: int) -> None:
    """Remind the office of agreements that end soon, every morning."""
    settings = context.additional_context["settings"]
    with context.additional_context["database"].begin() as session:
        sites.remind(session, settings, clock.today(settings.zone))


@jobs.periodic(cron="33 2 * * *", periodic_id="externships.compare")
@task("externships.compare")
def compare(context: Any, timestamp: int) -> None:
    """Compare the documented rows with the logs, every night."""
    with context.additional_context["database"].begin() as session:
        found = verification.compare(session)
    if found:
        log.error("externship_logs_differ", differences=len(found), first=found[0])
