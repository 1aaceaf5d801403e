"""What admissions do later."""

from typing import Any

from app.core import clock
from app.core.jobs import jobs, task
from app.enrollment.admissions.papers import service


@jobs.periodic(cron="41 11 * * *", periodic_id="admissions.remind")
@task("admissions.remind", queue="mail")
def remind(context: Any, timestamp: int) -> None:
    """Remind students of documents that end soon, every morning."""
    settings = context.additional_context["settings"]
    with context.additional_context["database"].begin() as session:
        service.remind(session, settings, clock.today(settings.zone))
