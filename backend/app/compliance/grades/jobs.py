"""What grades do later."""

from typing import Any

import structlog

from app.compliance.grades.reviews import service as reviews
from app.core.jobs import jobs, task
from app.core.permissions import SYSTEM
from app.school import service as school

log = structlog.get_logger(__name__)


@jobs.periodic(cron="17 3 * * *", periodic_id="grades.review_progress")
@task("grades.review_progress")
def review_progress(context: Any, timestamp: int) -> None:
    """Review the academic progress of those who have reached a checkpoint, every night."""
    with context.additional_context["database"].begin() as session:
        done = reviews.run(session, SYSTEM, school.facts(session).zone)
    if done:
        log.info("progress_reviewed", reviews=len(done))
