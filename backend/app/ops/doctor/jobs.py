"""The checks of every night."""

from typing import Any

from app.core.jobs import jobs, task
from app.ops.doctor import examination


@jobs.periodic(cron="7 4 * * *", periodic_id="doctor.check")
@task("doctor.check")
def check(context: Any, timestamp: int) -> None:
    """Check the installation, and mail the administrators about a new problem."""
    known = context.additional_context
    examination.check_tonight(known["settings"], known["database"])
