"""What the content room does later."""

from typing import Any

from app.content.sweeping import sweep
from app.core.files import open_store
from app.core.jobs import jobs, task


@jobs.periodic(cron="47 3 * * *", periodic_id="content.sweep_files")
@task("content.sweep_files")
def sweep_files(context: Any, timestamp: int) -> None:
    """Remove stored files that nothing names, every night."""
    known = context.additional_context
    sweep(known["database"], open_store(known["settings"]))
