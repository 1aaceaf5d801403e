"""What the content room does later."""

from typing import Any

from app.content.launches.unreported_ends import record_ended
from app.core.jobs import RETRY_FOR_A_DAY, jobs, task
from app.db.session import Database
from app.lrs import service as record_store


@jobs.periodic(cron="*/10 * * * *", periodic_id="content.record_ended")
@task("content.record_ended")
def record_ended_sessions(context: Any, timestamp: int) -> None:
    """Record the end of lesson sessions that ended by themselves."""
    record_ended(context.additional_context["database"])


@task("content.store_statements", retry=RETRY_FOR_A_DAY)
def store_statements(context: Any, statements: list[dict[str, Any]]) -> None:
    """Store what students did with a film or recording; one that is stored already changes nothing."""
    database: Database = context.additional_context["database"]
    with database.begin() as session:
        record_store.store_own(session, statements)
