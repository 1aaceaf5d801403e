"""Imports end, whatever comes in between: a job that fails, a process that dies, a command that is broken off."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.files import LocalStore, open_store
from app.core.permissions import Role, Subject
from app.db.models import AuditEntry, FileClaim, User, XapiImport
from app.db.session import Database
from app.lrs.desk.imports import jobs, queries, runner, service
from app.settings import Settings
from tests.lrs.examples import statement

ORIGIN = "http://localhost:8000"


def _import(database: Database, **given: Any) -> int:
    values: dict[str, Any] = {
        "file_name": "x",
        "sha256": "0" * 64,
        "size_bytes": 7,
        "created_at": clock.now() - timedelta(minutes=10),
    }
    with database.begin() as session:
        record = XapiImport(**(values | given))
        session.add(record)
        session.flush()
        return record.id


def _record(database: Database, import_id: int) -> XapiImport:
    with database.begin() as session:
        return runner.find(session, import_id)


def _context(database: Database, settings: Settings, attempts: int = 0) -> Any:
    known = {"database": database, "settings": settings}
    return SimpleNamespace(additional_context=known, job=SimpleNamespace(attempts=attempts))


def _waiting_jobs(database: Database) -> list[int]:
    with database.begin() as session:
        asked = "SELECT (args->>'import_id')::int FROM procrastinate_jobs WHERE task_name = 'lrs.import' ORDER BY id"
        return list(session.scalars(text(asked)))


def test_a_file_that_is_gone_ends_the_import_at_once(
    live_database: Database, live_settings: Settings
) -> None:
    number = _import(live_database)
    jobs.take_in_file(_context(live_database, live_settings), import_id=number)
    record = _record(live_database, number)
    assert (record.status, record.error) == (
        "failed",
        "The file is no longer in the file store. Upload it again.",
    )


def test_a_job_that_fails_is_tried_again_and_ends_the_import_at_last(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(LocalStore, "read", fail)
    number = _import(live_database)
    for attempts in range(6):
        assert _record(live_database, number).status != "failed"
        asked_again = jobs.RETRY.get_retry_decision(
            exception=OSError(), job=_context(live_database, live_settings, attempts).job
        )
        assert bool(asked_again) == (attempts < 5)
        with pytest.raises(OSError, match="the disk is gone"):
            jobs.take_in_file(_context(live_database, live_settings, attempts), import_id=number)
    record = _record(live_database, number)
    assert record.status == "failed"
    assert record.finished_at
    assert "Upload the file again" in (record.error or "")


def test_what_a_dead_process_left_is_begun_again_or_ended(
    live_database: Database, live_settings: Settings
) -> None:
    now = clock.now()
    stored = open_store(live_settings).put(json.dumps(statement()).encode())
    left = _import(
        live_database, status="running", started_at=now, sha256=stored.sha256, size_bytes=stored.size
    )
    lost = _import(live_database)
    hopeless = _import(live_database, status="running", started_at=now - timedelta(hours=25))
    command = _import(live_database, status="running", started_at=now, sha256="")
    held = _import(live_database, status="running", started_at=now)
    new = _import(live_database, status="running", started_at=now, created_at=now)
    ended = _import(live_database, status="done")
    with queries.held(live_database, held) as mine:
        assert mine
        jobs.resume_imports(_context(live_database, live_settings), timestamp=0)
        # Somebody else is at it.
        jobs.take_in_file(_context(live_database, live_settings), import_id=held)
    assert _waiting_jobs(live_database) == [left, lost]
    states = {one: _record(live_database, one).status for one in (hopeless, command, held, new, ended)}
    assert states == {hopeless: "failed", command: "failed", held: "running", new: "running", ended: "done"}
    assert "Run it again with the same file" in (_record(live_database, command).error or "")
    # What waits already is not asked for twice.
    with live_database.begin() as session:
        session.execute(text("UPDATE xapi_imports SET status = 'done' WHERE id = :held"), {"held": held})
    jobs.resume_imports(_context(live_database, live_settings), timestamp=0)
    assert _waiting_jobs(live_database) == [left, lost]
    jobs.take_in_file(_context(live_database, live_settings), import_id=left)
    record = _record(live_database, left)
    assert (record.status, record.stored) == ("done", 1)


def test_a_job_for_an_import_that_was_removed_does_nothing(
    live_database: Database, live_settings: Settings
) -> None:
    jobs.take_in_file(_context(live_database, live_settings), import_id=7)


def test_a_command_that_is_broken_off_ends_its_import(live_database: Database) -> None:
    def pieces() -> Iterator[bytes]:
        yield json.dumps(statement()).encode()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.work_here(live_database, ORIGIN, pieces(), "old.ndjson", 100, lambda *_: None)
    with live_database.begin() as session:
        record = session.scalars(select(XapiImport)).one()
        assert (record.status, record.created_by, record.file_name) == ("failed", None, "old.ndjson")
        assert session.scalars(select(AuditEntry.action)).all() == ["statements.import_begun"]


def test_the_file_of_an_import_is_claimed_until_the_import_ends(
    live_database: Database, live_settings: Settings
) -> None:
    files = open_store(live_settings)
    content = json.dumps(statement()).encode()
    with live_database.begin() as session:
        person = User(email="ada@school.example", hashed_password="!", full_name="Ada Admin", role=Role.ADMIN)
        session.add(person)
        session.flush()
        admin = Subject(person.id, person.email, person.full_name, person.role)
        waiting = service.begin(session, admin, files, io.BytesIO(content), "old.ndjson")
        lost = service.begin(session, admin, files, io.BytesIO(content + b"\n"), "other.ndjson")
    held = select(FileClaim.owner_row).where(
        FileClaim.owner_room == runner.OWNER, FileClaim.released_at.is_(None)
    )
    with live_database.begin() as session:
        assert set(session.scalars(held)) == {str(waiting.id), str(lost.id)}
    runner.work(live_database, ORIGIN, files, waiting.id)
    runner.give_up(live_database, lost.id, "It could not be read.")
    with live_database.begin() as session:
        assert session.scalars(held).all() == []
        assert files.exists(waiting.sha256), "for the grace time"
