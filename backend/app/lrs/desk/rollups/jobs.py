"""Adding statements up, later; and comparing the sums with the statements every night."""

import procrastinate
import structlog

from app.core.jobs import jobs, task
from app.lrs.desk.rollups import service

log = structlog.get_logger(__name__)


@jobs.periodic(cron="*/5 * * * *", periodic_id="lrs.add_up")
@task("lrs.add_up", queue="lrs")
def add_up(context: procrastinate.JobContext, timestamp: int) -> None:
    """Add up what came since the last time, a batch in each transaction."""
    database = context.additional_context["database"]
    done = False
    while not done:
        with database.begin() as session:
            done = service.catch_up(session)


@jobs.periodic(cron="37 2 * * *", periodic_id="lrs.check_rollups")
@task("lrs.check_rollups", queue="lrs")
def check_rollups(context: procrastinate.JobContext, timestamp: int) -> None:
    """Compare the sums with the statements; a difference stands on the Operations page."""
    with context.additional_context["database"].begin() as session:
        found = service.check(session)
    if found.differences:
        log.error("lrs_rollups_differ", differences=found.differences, first=found.named[0])
