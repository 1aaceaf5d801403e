"""The job worker, in a thread of its own event loop; it outlives a database that goes away for a while."""

from __future__ import annotations

import asyncio
import pkgutil
import threading
from functools import lru_cache
from importlib import import_module

import structlog
from sqlalchemy.exc import SQLAlchemyError

import app
from app.core.jobs import restart_stalled, worker_app
from app.db.session import Database, libpq_url
from app.settings import Settings

_RETRY_SECONDS = 3.0
_LOOK_FOR_STALLED_SECONDS = 30.0
_DEEPEST_DOOR = 2
"""Dots in the name of a room, such as `app.compliance.privacy`."""
log = structlog.get_logger(__name__)


@lru_cache
def import_tasks() -> tuple[str, ...]:
    """Import every `jobs` module below `app`, however deep, so that their tasks are registered; the modules’ names.

    The rooms' doors are imported, too: what they register with lower rooms counts in a worker that serves no pages.
    """
    found = []
    for module in pkgutil.walk_packages(app.__path__, "app."):
        place, _, name = module.name.rpartition(".")
        if name == "jobs" or (name == "service" and place.count(".") <= _DEEPEST_DOOR):
            import_module(module.name)
        if name == "jobs":
            found.append(module.name)
    return tuple(found)


class JobWorker:
    """Works off the queue until `stop`; `context` of each task holds `database` and `settings`."""

    def __init__(self, settings: Settings, database: Database, *, concurrency: int = 2) -> None:
        self._settings = settings
        self._database = database
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="job-worker", daemon=True)

    def start(self) -> None:
        import_tasks()
        self._thread.start()

    def stop(self, timeout_seconds: float = 20) -> None:
        """Finish the jobs that run (they have until the timeout) and end. What was not begun stays queued."""
        self._stopping.set()
        if self._loop is not None and self._working is not None:
            self._loop.call_soon_threadsafe(self._working.cancel)
        self._thread.join(timeout_seconds)

    def wait(self) -> None:
        """Block until the worker ends."""
        while self._thread.is_alive():
            self._thread.join(1)

    def _run(self) -> None:
        asyncio.run(self._work_and_retry())

    async def _work_and_retry(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._working = asyncio.create_task(self._work())
            if self._stopping.is_set():
                self._working.cancel()
            try:
                await self._working
            except asyncio.CancelledError:
                return
            except Exception as error:  # the database is away: the queue is still there when it returns
                log.warning("jobs.interrupted", reason=" ".join(str(error).split())[:300])
            await asyncio.to_thread(self._stopping.wait, _RETRY_SECONDS)

    async def _work(self) -> None:
        work = worker_app(libpq_url(self._settings.app_database_url))
        async with work.open_async():
            watch = asyncio.create_task(self._restart_stalled())
            try:
                await work.run_worker_async(
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=15,
                    delete_jobs="successful",
                    additional_context={"database": self._database, "settings": self._settings},
                )
            finally:
                watch.cancel()

    async def _restart_stalled(self) -> None:
        """At once and again and again, beside the jobs: not a job itself, which would wait behind what is stuck."""
        while True:
            try:
                await asyncio.to_thread(self._look_for_stalled)
            except SQLAlchemyError as error:  # the database is away; the jobs say so themselves
                log.debug("jobs.stalled_unknown", reason=" ".join(str(error).split())[:300])
            await asyncio.sleep(_LOOK_FOR_STALLED_SECONDS)

    def _look_for_stalled(self) -> None:
        with self._database.begin() as session:
            for job in restart_stalled(session):
                log.warning("jobs.stalled", job=job.job_id, task=job.task, failed=job.reason)
