"""Passing statements on, later: once a minute for every target that is due, and dead letters when asked."""

import procrastinate
import structlog

from app.core.jobs import jobs, task
from app.lrs.forwarding import delivery, queries

log = structlog.get_logger(__name__)
NO_RETRY = procrastinate.RetryStrategy(max_attempts=1)


@jobs.periodic(cron="* * * * *", periodic_id="lrs.forward")
@task("lrs.forward", queue="lrs", retry=NO_RETRY)
def forward_all(context: procrastinate.JobContext, timestamp: int) -> None:
    """Pass on what is new to every target that is due; one that is away does not keep the others."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    with database.begin() as session:
        due = queries.due(session)
    for forwarder_id in due:
        sent = delivery.forward(database, settings, forwarder_id)
        if sent:
            log.info("xapi.forwarded", forwarder=forwarder_id, statements=sent, minute=timestamp)


@task("lrs.redeliver", queue="lrs", retry=NO_RETRY)
def redeliver(context: procrastinate.JobContext, *, forwarder_id: int) -> None:
    """Try dead letters again."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    delivery.redeliver(database, settings, forwarder_id)
