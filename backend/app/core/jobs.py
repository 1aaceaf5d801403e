"""Work that happens later, kept in PostgreSQL.

A job row joins the caller's transaction: it exists exactly when the change that asked for it does. Tasks live in
the rooms' `jobs.py` and receive the worker's `JobContext`, from which they take the database and the settings.
"""

from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
from procrastinate.tasks import Task
from sqlalchemy import text
from sqlalchemy.orm import Session

# Deferring always happens on the caller's connection, so this connector is never opened.
jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

RETRY_FOR_A_DAY = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=3)

# A worker notes every ten seconds that it is alive.
_STALLED = text(
    "SELECT procrastinate_finish_job_v1(job.id, 'failed', true) FROM procrastinate_jobs job"
    " LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id"
    " WHERE job.task_name = :task AND job.status = 'doing'"
    " AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '1 minute')"
)


def task(
    name: str, *, queue: str = "default", retry: Any = RETRY_FOR_A_DAY
) -> Callable[[Callable[..., Any]], Any]:
    """Register a function `(context, **arguments)` as the task `name`."""
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


def release_stalled(session: Session, job_task: Task[Any, Any, Any]) -> None:
    """Forget the task's jobs whose worker was killed: they would keep their `lock` for ever."""
    session.execute(_STALLED, {"task": job_task.name})


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
