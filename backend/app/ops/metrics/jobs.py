"""The figures of every ten minutes."""

from typing import Any

from app.core.jobs import jobs, task
from app.ops.metrics import history


@jobs.periodic(cron="*/10 * * * *", periodic_id="metrics.sample")
@task("metrics.sample")
def sample(context: Any, timestamp: int) -> None:
    """Measure the system, for the charts of the Operations page."""
    known = context.additional_context
    with known["database"].begin() as session:
        history.sample(session, known["settings"])
