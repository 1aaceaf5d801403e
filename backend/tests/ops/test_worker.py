"""The job worker: it does what was asked for, and outlives a database that goes away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from queue import Queue

import psycopg
import pytest
from procrastinate import JobContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core import jobs
from app.db.session import Database, libpq_url
from app.ops.worker import JobWorker
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
    # What the pool holds was ended as well: the first that finds out fails, and the pool takes new connections. It is
    # not thrown away, because the worker may still have one of its connections, which nobody would close then.
    for _ in range(10):
        with suppress(OperationalError):
            ask(live_database, "afterwards")
            break
    # A job whose end was not yet written down when the connection went runs once more, before or after the new one.
    words = {seen.get(timeout=60)[0]}
    if words == {"before"}:
        words.add(seen.get(timeout=60)[0])
    assert "afterwards" in words


@jobs.task("tests.ops.long")
def long(context: JobContext, word: str) -> None:
    """Here it ends; in the worker that gets killed it does not."""
    seen.put((word, None))


@jobs.task("tests.ops.once", repeatable=False)
def once(context: JobContext) -> None:
    seen.put(("once more", None))


KILLED = """
import time
from app.core import jobs
from app.db.session import Database
from app.ops.worker import JobWorker
from app.settings import get_settings

@jobs.task("tests.ops.long")
def long(context, word):
    time.sleep(600)

@jobs.task("tests.ops.once")
def once(context):
    time.sleep(600)

worker = JobWorker(get_settings(), Database(get_settings()))
worker.start()
worker.wait()
"""


def states(database: Database) -> dict[str, str]:
    with database.begin() as session:
        rows = session.execute(text("SELECT task_name, status::text FROM procrastinate_jobs")).all()
    return {name: status for name, status in rows if name.startswith("tests.ops")}


@contextmanager
def killed_worker(settings: Settings, database: Database, *, doing: int) -> Iterator[None]:
    """Jobs that a worker had begun when it was killed, more than a minute ago."""
    environment = dict(os.environ) | {
        "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(settings.data_dir),
    }
    backend = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", KILLED], env=environment, cwd=backend)
    deadline = time.monotonic() + 90
    while list(states(database).values()).count("doing") < doing and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait(30)
    assert set(states(database).values()) == {"doing"}
    with database.begin() as session:
        session.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")
        )
    yield


def test_what_a_killed_worker_had_begun_is_begun_again(
    live_settings: Settings, live_database: Database
) -> None:
    with live_database.begin() as session:
        jobs.enqueue(session, long, word="again", lock="one at a time")
    with killed_worker(live_settings, live_database, doing=1):
        worker = JobWorker(live_settings, live_database)
        worker.start()
        try:
            assert seen.get(timeout=60)[0] == "again"
        finally:
            worker.stop()


def test_what_may_not_be_begun_again_has_failed(live_settings: Settings, live_database: Database) -> None:
    with live_database.begin() as session:
        jobs.enqueue(session, once)
    with killed_worker(live_settings, live_database, doing=1), live_database.begin() as session:
        (found,) = [one for one in jobs.restart_stalled(session) if one.task == "tests.ops.once"]
        assert "cannot be restarted" in (found.reason or "")
    assert states(live_database) == {"tests.ops.once": "failed"}


def test_a_job_that_kills_its_worker_each_time_is_given_up(live_database: Database) -> None:
    with live_database.begin() as session:
        jobs.enqueue(session, long, word="poison")
        reasons = []
        for _ in range(jobs.MOST_ATTEMPTS_AFTER_KILL):
            session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
            reasons += [one.reason for one in jobs.restart_stalled(session)]
    assert [reason is None for reason in reasons] == [True] * (jobs.MOST_ATTEMPTS_AFTER_KILL - 1) + [False]
    assert states(live_database) == {"tests.ops.long": "failed"}


def test_a_killed_job_that_was_asked_for_again_meanwhile_gives_way(live_database: Database) -> None:
    with live_database.begin() as session:
        jobs.enqueue(session, long, word="one", queueing_lock="only one")
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        jobs.enqueue(session, long, word="two", queueing_lock="only one")
        (found,) = jobs.restart_stalled(session)
    assert "is already queued" in (found.reason or "")


def test_every_task_is_known_to_a_worker_however_deep_its_room_lies() -> None:
    # In a process of its own: here, other tests have imported what a worker would lack.
    app = Path(import_module("app").__file__ or "").parent
    declared = {
        ".".join(("app", *path.relative_to(app).with_suffix("").parts))
        for path in app.rglob("*.py")
        if re.search(r"^@task\(", path.read_text(), re.MULTILINE)
    }
    code = "import sys; from app.ops.worker import import_tasks; import_tasks(); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert len(declared) > 15
    assert declared - set(found.stdout.split()) == set()
