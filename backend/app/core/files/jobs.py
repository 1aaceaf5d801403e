"""What the file store does by itself."""

from typing import Any

from app.core.files.store import open_store
from app.core.files.sweep import sweep
from app.core.jobs import jobs, task


@jobs.periodic(cron="47 3 * * *", periodic_id="files.sweep")
@task("files.sweep")
def sweep_files(context: Any, timestamp: int) -> None:
    """Remove stored files that nobody claims, every night."""
    known = context.additional_context
    sweep(known["database"], open_store(known["settings"]))
