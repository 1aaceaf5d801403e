"""Issuing many transcripts, by a worker."""

from typing import Any

import structlog

from app.compliance.transcripts.batches import service
from app.core.files import open_store
from app.core.jobs import jobs, task

log = structlog.get_logger(__name__)


@task("transcripts.issue_batch")
def issue_batch(context: Any, batch_id: int) -> None:
    """Issue what is left of one batch; begun again after a killed worker, it goes on."""
    known = context.additional_context
    service.work(known["database"], open_store(known["settings"]), known["settings"], batch_id)


@jobs.periodic(cron="* * * * *", periodic_id="transcripts.end_left_batches")
@task("transcripts.end_left_batches")
def end_left_batches(context: Any, timestamp: int) -> None:
    """Say on batches that no job works on any more that they are over: each would be shown as running forever."""
    with context.additional_context["database"].begin() as session:
        for batch_id in service.end_left(session):
            log.warning("transcripts.batch_left", batch_id=batch_id, minute=timestamp)
