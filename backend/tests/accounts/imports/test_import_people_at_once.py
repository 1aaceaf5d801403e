"""Importing people while others work: who wins a race, what a killed process leaves."""

import json
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.files import open_store
from app.core.permissions import SYSTEM, Role, Subject
from app.db.models import DataImport, OutboxMessage, User
from app.db.session import Database
from app.settings import Settings
from app.web.imports import jobs, service
from tests.accounts.imports.conftest import FILE, actions, emails, send
from tests.factories.school import School


def test_rows_are_checked_again_when_they_are_imported(
    session: Session, admin: Subject, school: School
) -> None:
    record = send(session, admin, FILE)
    service.start(session, admin, open_store(session.info["settings"]), record.id, good_only=False)
    school.student(email="bo@example.org")
    settings: Settings = session.info["settings"]
    with pytest.raises(Conflict, match="something has changed since the file was checked"):
        service.run(session, admin, settings, open_store(settings), record.id)
    assert emails(session) == ["bo@example.org"]


def test_two_imports_of_the_same_people_at_once(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        numbers = []
        for _ in range(2):
            record = send(session, SYSTEM, FILE)
            service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
            numbers.append(record.id)
    together = threading.Barrier(2)

    def work(number: int) -> None:
        together.wait()
        jobs.work(live_database, live_settings, number)

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with live_database.begin() as session:
        records = [session.get_one(DataImport, number) for number in numbers]
        assert sorted(record.status for record in records) == ["checked", "imported"]
        lost = next(record for record in records if record.status == "checked")
        assert "2 rows cannot be imported" in str(lost.error)
        assert emails(session) == ["ana@example.org", "bo@example.org"]
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2


def test_a_person_added_at_the_same_moment_stops_the_whole_import(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
        number = record.id
    # Committed after the import has looked, and before it writes.
    examine = service.examine

    def look(*arguments: Any, **named: Any) -> Any:
        found = examine(*arguments, **named)
        with live_database.begin() as other:
            other.add(User(email="bo@example.org", full_name="Bo", role=Role.STUDENT, hashed_password="!"))
        return found

    monkeypatch.setattr(service, "examine", look)
    with structlog.testing.capture_logs() as logged:
        jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        failed = session.get_one(DataImport, number)
        assert failed.status == "checked"
        assert "Nothing was imported" in str(failed.error)
        assert emails(session) == ["bo@example.org"]
    (line,) = [line for line in logged if line["event"] == "imports.refused"]
    assert line["constraint"] == "idx_users_email"
    assert "bo@example.org" not in str(line), "the log names nobody"


@pytest.mark.parametrize("act", ["discard", "map"])
def test_what_is_answered_while_an_import_runs_holds(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
        number = record.id
    examine = service.examine
    begun: list[bool] = []

    def look(*arguments: Any, **named: Any) -> Any:
        found = examine(*arguments, **named)
        if not begun:
            begun.append(True)
            with live_database.begin() as other:
                if act == "discard":
                    service.discard(other, SYSTEM, number)
                else:
                    store = open_store(live_settings)
                    columns = {"full_name": 1, "email": 1}
                    service.map_columns(other, SYSTEM, live_settings, store, number, columns)
        return found

    monkeypatch.setattr(service, "examine", look)
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.get_one(DataImport, number).status == ("discarded" if act == "discard" else "checked")
        assert emails(session) == []


def test_an_import_without_a_job_says_that_nothing_was_imported(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        numbers = []
        for status in (None, "todo", "doing", "failed"):
            record = send(session, SYSTEM, FILE)
            service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
            numbers.append(record.id)
            if status is not None:
                jobs.begin(session, record.id)
                change = (
                    "UPDATE procrastinate_jobs SET status = :status WHERE (args->>'import_id')::int = :id"
                )
                session.execute(text(change), {"status": status, "id": record.id})
    jobs.end_left_imports.func(
        SimpleNamespace(additional_context={"database": live_database, "settings": live_settings}), 0
    )
    with live_database.begin() as session:
        records = [session.get_one(DataImport, number) for number in numbers]
        assert [one.status for one in records] == ["checked", "queued", "queued", "checked"]
        assert "Start the import again" in str(records[0].error)


def test_a_failure_of_the_system_s_own_is_said_on_the_import(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
        number = record.id
    monkeypatch.setattr(service, "run", lambda *_arguments: 1 / 0)
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        failed = session.get_one(DataImport, number)
        assert (failed.status, failed.rows_done) == ("checked", 0)
        assert "Nothing was imported" in str(failed.error)


def test_a_database_that_goes_away_is_waited_for() -> None:
    lost = OperationalError("SELECT", {}, Exception("the server closed the connection"))
    job: Any = SimpleNamespace(
        attempts=0, task_name="web.import_file", priority=0, queue="default", lock=None
    )
    assert jobs.RETRY.get_retry_decision(exception=lost, job=job) is not None
    assert jobs.RETRY.get_retry_decision(exception=ZeroDivisionError(), job=job) is None


_KILLED = """
import os, signal, sys
from app.db.session import Database
from app.settings import Settings
from app.accounts import service as _accounts
from app.accounts.access import links
from app.web.imports import jobs
settings = Settings.model_validate_json(sys.stdin.read())
def die(*_a, **_k):
    os.kill(os.getpid(), signal.SIGKILL)
links.invite_all = die  # the accounts and their history are written, the mails are not
jobs.work(Database(settings), settings, int(sys.argv[1]))
"""


def test_a_killed_process_leaves_nothing_behind_and_the_import_can_begin_again(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, open_store(live_settings), record.id, good_only=False)
        number = record.id
    values = live_settings.model_dump(mode="json")
    for name in ("secret_key", "aada_app_password", "database_url"):
        value = getattr(live_settings, name)
        values[name] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(number)],
        input=json.dumps({name: value for name, value in values.items() if value is not None}),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with live_database.begin() as session:
        assert emails(session) == []
        assert actions(session, "user.created") == []
        assert session.get_one(DataImport, number).status == "queued"
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.get_one(DataImport, number).status == "imported"
        assert emails(session) == ["ana@example.org", "bo@example.org"]
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2, (
            "a repeated job does nothing"
        )
