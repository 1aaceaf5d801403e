"""Closure archives, made by a worker."""

from typing import Any

from app.compliance.closure import service
from app.core.files import open_store
from app.core.jobs import task


@task("closure.make", retry=False)
def make_archive(context: Any, archive_id: int) -> None:
    """Make one archive; begun again after a killed worker, from the beginning."""
    known = context.additional_context
    service.work(known["database"], open_store(known["settings"]), known["settings"], archive_id)
