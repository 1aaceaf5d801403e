"""What credentials do later: a class's credentials, and reminders every morning."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.compliance.credentials.bulk import service as bulk
from app.compliance.credentials.reminders import service as reminders
from app.core import clock
from app.core.files import open_store
from app.core.jobs import enqueue, jobs, task
from app.core.permissions import SYSTEM, Actor
from app.web.imports.description import actor_of

log = structlog.get_logger(__name__)


def begin(session: Session, batch: UUID, asked_by: int | None) -> None:
    """Have a class's credentials issued, with the transaction that asked for it."""
    enqueue(session, issue_many, lock=f"credentials-{batch}", batch=str(batch), asked_by=asked_by)


@task("credentials.issue_many")
def issue_many(context: Any, batch: str, asked_by: int | None) -> None:
    """Issue what a bulk issue still waits for, as the person who asked for it."""
    known = context.additional_context
    database, settings = known["database"], known["settings"]
    actor: Actor = SYSTEM
    if asked_by is not None:
        with database.begin() as session:
            found = actor_of(session, settings, asked_by)
            if found is None:
                bulk.refuse_rest(
                    session, UUID(batch), "The person who asked for it no longer has an account."
                )
                return
            actor = found
    done = bulk.work(database, actor, open_store(settings), settings, UUID(batch))
    log.info("credentials_issued", batch=batch, count=done)


@jobs.periodic(cron="* * * * *", periodic_id="credentials.end_left")
@task("credentials.end_left")
def end_left(context: Any, timestamp: int) -> None:
    """Say on bulk issues that no job works on any more who got none: they would be shown as waiting forever."""
    with context.additional_context["database"].begin() as session:
        for batch in bulk.end_left(session):
            log.warning("credentials.bulk_left", batch=str(batch), minute=timestamp)


@jobs.periodic(cron="47 11 * * *", periodic_id="credentials.remind")
@task("credentials.remind", queue="mail")
def remind(context: Any, timestamp: int) -> None:
    """Remind students of credentials that expire soon, every morning."""
    settings = context.additional_context["settings"]
    with context.additional_context["database"].begin() as session:
        reminders.remind(session, settings, clock.today(settings.zone))
