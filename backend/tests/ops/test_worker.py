"""The job worker: it does what was asked for, and outlives a database that goes away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import psycopg
import pytest
from procrastinate import JobContext

from app.core import jobs
from app.db.session import Database, libpq_url
from app.ops.worker import JobWorker, import_tasks
from app.settings import Settings

pytestmark = pytest.mark.slow

seen: Queue[tuple[str, object]] = Queue()


@jobs.task("tests.ops.note")
def note(context: JobContext, word: str) -> None:
    seen.put((word, context.additional_context))


ticked = threading.Event()


@jobs.jobs.periodic(cron="* * * * *", periodic_id="tests.ops.tick")
@jobs.task("tests.ops.tick")
def tick(context: JobContext, timestamp: int) -> None:
    assert context.additional_context.keys() == {"database", "settings"}
    ticked.set()


@pytest.fixture
def worker(live_settings: Settings, live_database: Database) -> Iterator[JobWorker]:
    worker = JobWorker(live_settings, live_database)
    worker.start()
    yield worker
    worker.stop()
    assert "job-worker" not in {thread.name for thread in threading.enumerate()}


def ask(database: Database, word: str) -> None:
    with database.begin() as session:
        jobs.enqueue(session, note, word=word)


def test_a_committed_job_is_done_with_the_database_and_settings_at_hand(
    worker: JobWorker, live_settings: Settings, live_database: Database
) -> None:
    ask(live_database, "first")
    word, context = seen.get(timeout=30)
    assert word == "first"
    assert context == {"database": live_database, "settings": live_settings}


@pytest.mark.usefixtures("worker")
def test_what_is_due_again_and_again_is_done(live_database: Database) -> None:
    ticked.clear()
    assert ticked.wait(90)
    ask(live_database, "beside it")
    assert seen.get(timeout=30)[0] == "beside it"


def test_a_job_of_a_transaction_that_failed_is_never_done(worker: JobWorker, live_database: Database) -> None:
    session = live_database.sessions()
    jobs.enqueue(session, note, word="never")
    session.rollback()
    session.close()
    ask(live_database, "after")
    assert seen.get(timeout=30)[0] == "after"


def test_the_worker_goes_on_when_the_database_has_been_away(
    worker: JobWorker, live_settings: Settings, live_database: Database
) -> None:
    ask(live_database, "before")
    assert seen.get(timeout=30)[0] == "before"
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ask(live_database, "afterwards")
    assert seen.get(timeout=60)[0] == "afterwards"


def test_every_rooms_jobs_are_registered() -> None:
    assert all(name.endswith(".jobs") for name in import_tasks())
