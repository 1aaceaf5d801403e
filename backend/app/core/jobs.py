"""Work that happens later, kept in PostgreSQL.

A job row joins the caller's transaction: it exists exactly when the change that asked for it does. Tasks live in
the rooms' `jobs.py` and receive the worker's `JobContext`, from which they take the database and the settings.
"""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
from procrastinate.tasks import Task
from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    Text,
    cast,
    column,
    exists,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import retention

# Deferring always happens on the caller's connection, so this connector is never opened.
jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

RETRY_FOR_A_DAY = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=3)

MOST_ATTEMPTS_AFTER_KILL = 5
"""A job whose worker was killed so often is taken for what kills it, and is not begun again."""
_not_repeatable: set[str] = set()

# A worker notes every ten seconds that it is alive; its row is gone when another one has cleared it away.
_STALLED = text(
    "SELECT job.id, job.task_name, job.attempts FROM procrastinate_jobs job"
    " LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id"
    " WHERE job.status = 'doing'"
    " AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '1 minute')"
    " ORDER BY job.id FOR UPDATE OF job SKIP LOCKED"
)
_AGAIN = text("SELECT procrastinate_retry_job_v1(:job, now(), NULL, NULL, NULL)")
_FAILED = text("SELECT procrastinate_finish_job_v1(:job, 'failed', false)")


_jobs = table(
    "procrastinate_jobs",
    column("id", BigInteger),
    column("task_name", Text),
    column("status", Text),
    column("args", JSONB),
)
_events = table("procrastinate_events", column("job_id", BigInteger), column("at", TIMESTAMP(timezone=True)))
_ENDED = ("succeeded", "failed", "cancelled", "aborted")


def _ended_before(before: datetime) -> ColumnElement[bool]:
    last = select(func.max(_events.c.at)).where(_events.c.job_id == _jobs.c.id).scalar_subquery()
    return cast(_jobs.c.status, Text).in_(_ENDED) & (last < before)


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs wait, are worked on and have failed, and since when the oldest that is due has waited."""

    waiting: int
    doing: int
    failed: int
    oldest_seconds: float


_QUEUE = text(
    "SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),"
    " count(*) FILTER (WHERE status = 'failed'), (SELECT extract(epoch FROM now() -"
    " min(greatest(event.at, due.scheduled_at))) FROM procrastinate_jobs due JOIN procrastinate_events event"
    " ON event.job_id = due.id AND event.type = 'deferred'"
    " WHERE due.status = 'todo' AND coalesce(due.scheduled_at, now()) <= now()) FROM procrastinate_jobs"
)


def queue_state(session: Session) -> QueueState:
    """How the queue stands now."""
    waiting, doing, failed, oldest = session.execute(_QUEUE).one()
    return QueueState(waiting, doing, failed, float(oldest or 0))


_finished = retention.Rows(_jobs, _ended_before)
retention.register(
    retention.Kind(
        "jobs",
        "Jobs that have ended",
        "Background jobs that failed or were canceled. Those that succeeded are not kept at all.",
        30,
        7,
        "Gives the operator time to find out why a job failed.",
        _finished.due,
        _finished.purge,
    )
)


def task(
    name: str, *, queue: str = "default", retry: Any = RETRY_FOR_A_DAY, repeatable: bool = True
) -> Callable[[Callable[..., Any]], Any]:
    """Register a function `(context, **arguments)` as the task `name`.

    `repeatable` says whether it may begin again when its worker was killed in the middle of it.
    """
    if not repeatable:
        _not_repeatable.add(name)
    return jobs.task(name=name, queue=queue, retry=retry, pass_context=True)


def enqueue(
    session: Session,
    job_task: Task[Any, Any, Any],
    *,
    at: datetime | None = None,
    lock: str | None = None,
    queueing_lock: str | None = None,
    **arguments: Any,
) -> None:
    """Put a job into the queue within the session's transaction.

    `at` is the earliest moment; jobs with one `lock` run one after another; a second waiting job with the same
    `queueing_lock` is dropped without a word.
    """
    connection = session.connection().connection.driver_connection
    deferrer = job_task.configure(
        connection=connection, schedule_at=at, lock=lock, queueing_lock=queueing_lock
    )
    if queueing_lock is None:
        deferrer.defer(**arguments)
        return
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("jobs are kept in PostgreSQL through psycopg 3")
    try:
        # The unique index on queueing_lock would abort the caller's transaction: fence it with a savepoint.
        with connection.transaction():
            deferrer.defer(**arguments)
    except procrastinate.exceptions.AlreadyEnqueued:
        return


def enqueue_all(session: Session, job_task: Task[Any, Any, Any], arguments: Iterable[dict[str, Any]]) -> None:
    """Put many jobs of one task into the queue at once, within the session's transaction."""
    several = list(arguments)
    if several:
        connection = session.connection().connection.driver_connection
        job_task.configure(connection=connection).batch_defer(*several)


def has_no_job(name: str, argument: str, value: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether no job of the task `name` whose `argument` is `value` waits or runs.

    It failed for good, or took its worker with it too often: what waits for it would be shown as running forever, so
    its room ends it (a periodic job of its own).
    """
    return ~exists().where(
        _jobs.c.task_name == name,
        cast(_jobs.c.status, Text).in_(("todo", "doing")),
        _jobs.c.args[argument].astext == cast(value, Text),
    )


@dataclass(frozen=True, slots=True)
class Stalled:
    """A job whose worker was killed in the middle of it. `reason` says why it failed; None when it begins again."""

    job_id: int
    task: str
    reason: str | None


def restart_stalled(session: Session) -> list[Stalled]:
    """Put jobs of killed workers back into the queue: they would be "doing", and keep their `lock`, permanently.

    One that may not be repeated, that has taken its worker with it again and again, or that waits a second time
    already has failed.
    """
    found = []
    for job_id, name, attempts in session.execute(_STALLED).all():
        reason = None
        if name in _not_repeatable:
            reason = "its worker was killed, and it cannot be restarted"
        elif attempts + 1 >= MOST_ATTEMPTS_AFTER_KILL:
            reason = f"its worker was killed; it has been attempted {attempts + 1} times"
        else:
            try:
                with session.begin_nested():
                    session.execute(_AGAIN, {"job": job_id})
            except IntegrityError:  # another one with its queueing_lock waits
                reason = "its worker was killed, and the same job is already queued"
        if reason is not None:
            session.execute(_FAILED, {"job": job_id})
        found.append(Stalled(job_id, name, reason))
    return found


def worker_app(conninfo: str) -> procrastinate.App:
    """The same tasks on a connector that can work: open it, then `run_worker_async`."""
    working = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=3)
    )
    for name, known in jobs.tasks.items():
        # Copies: a task defers through the app it belongs to, and periodic ones are deferred by the worker itself.
        own = copy(known)
        own.blueprint = working
        working.tasks[name] = own
    for periodic in jobs.periodic_registry.periodic_tasks.values():
        working.periodic_registry.register_task(
            task=working.tasks[periodic.task.name],
            cron=periodic.cron,
            periodic_id=periodic.periodic_id,
            configure_kwargs=periodic.configure_kwargs.copy(),
        )
    return working
