"""Issuing many transcripts, by a worker."""

from typing import Any

from app.compliance.transcripts.batches import service
from app.core.files import open_store
from app.core.jobs import task


@task("transcripts.issue_batch")
def issue_batch(context: Any, batch_id: int) -> None:
    """Issue what is left of one batch; begun again after a killed worker, it goes on."""
    known = context.additional_context
    service.work(known["database"], open_store(known["settings"]), known["settings"], batch_id)
