"""Passing statements on, later: once a minute to every target that is due, and dead letters when asked.

Each target has jobs of its own, one after another, so one that is slow, away or at odds with us keeps no other.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import procrastinate
import structlog
from sqlalchemy.orm import Session

from app.core.jobs import enqueue, jobs, task
from app.db.session import Database
from app.lrs.desk.forwarding import delivery, queries

log = structlog.get_logger(__name__)
NO_RETRY = procrastinate.RetryStrategy(max_attempts=1)


@jobs.periodic(cron="* * * * *", periodic_id="lrs.forward")
@task("lrs.forward", queue="lrs", retry=NO_RETRY)
def forward_all(context: procrastinate.JobContext, timestamp: int) -> None:
    """Ask for a job for every target that is due; `timestamp` is the minute."""
    database: Database = context.additional_context["database"]
    with database.begin() as session:
        for forwarder_id in queries.due(session):
            forward_soon(session, forwarder_id)


@task("lrs.forward_one", queue="lrs", retry=NO_RETRY)
def forward_one(context: procrastinate.JobContext, *, forwarder_id: int) -> None:
    """Pass on what is new to a target, if it is due."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    with _fenced(database, forwarder_id):
        with database.begin() as session:
            # The job before this one may have found the target away.
            if not queries.is_due(session, forwarder_id):
                return
        sent = delivery.forward(database, settings, forwarder_id)
        if sent:
            log.info("xapi.forwarded", forwarder=forwarder_id, statements=sent)


@task("lrs.redeliver", queue="lrs", retry=NO_RETRY)
def redeliver(context: procrastinate.JobContext, *, forwarder_id: int, after: int = 0) -> None:
    """Try dead letters again, from the key `after` on; what there is no time for, in a job of its own."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    with _fenced(database, forwarder_id):
        done = delivery.redeliver(database, settings, forwarder_id, after)
        if done.next_after is not None:
            with database.begin() as session:
                redeliver_soon(session, forwarder_id, done.next_after)


def forward_soon(session: Session, forwarder_id: int) -> None:
    """Ask for a target's job, unless one waits already."""
    lock = _lock(forwarder_id)
    enqueue(session, forward_one, lock=lock, queueing_lock=lock, forwarder_id=forwarder_id)


def redeliver_soon(session: Session, forwarder_id: int, after: int = 0) -> None:
    """Ask for a target's dead letters to be tried again, unless that waits already."""
    enqueue(
        session,
        redeliver,
        lock=_lock(forwarder_id),
        queueing_lock=f"lrs.redeliver-{forwarder_id}",
        forwarder_id=forwarder_id,
        after=after,
    )


def _lock(forwarder_id: int) -> str:
    return f"lrs.forward-{forwarder_id}"


@contextmanager
def _fenced(database: Database, forwarder_id: int) -> Iterator[None]:
    """Whatever fails within is noted as the target's failure: its page says so, and it is tried again later."""
    try:
        yield
    except Exception as error:
        log.exception("xapi.forwarding_failed", forwarder=forwarder_id)
        why = f"Something went wrong here ({type(error).__name__}); the system’s log says what."
        with database.begin() as session:
            delivery.note_failure(session, forwarder_id, why)
