"""An import waits for whoever stores statements, however long that takes, and says so."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import open_store
from app.db.models import XapiImport
from app.db.session import Database
from app.lrs.desk.imports import ingest, runner
from app.lrs.engine.statements.queries import WRITER_LOCK
from app.settings import Settings
from tests.lrs.examples import statement

ORIGIN = "http://localhost:8000"


@pytest.fixture
def impatient() -> Iterator[None]:
    """Locks are waited for a moment instead of ten seconds."""

    def begin(_session: Session, _transaction: object, connection: Any) -> None:
        connection.execute(text("SELECT set_config('lock_timeout', '50ms', true)"))

    event.listen(Session, "after_begin", begin)
    yield
    event.remove(Session, "after_begin", begin)


def _import(database: Database, settings: Settings) -> int:
    stored = open_store(settings).put(json.dumps(statement()).encode())
    with database.begin() as session:
        record = XapiImport(
            file_name="x", sha256=stored.sha256, size_bytes=stored.size, created_at=clock.now()
        )
        session.add(record)
        session.flush()
        return record.id


def _until_it_says(database: Database, import_id: int) -> XapiImport:
    for _ in range(2000):
        with database.begin() as session:
            record = runner.find(session, import_id)
        if record.error:
            return record
        time.sleep(0.01)
    raise AssertionError("the import does not say that it waits")


@pytest.mark.usefixtures("impatient")
def test_a_second_import_waits_for_the_first(live_database: Database, live_settings: Settings) -> None:
    number = _import(live_database, live_settings)
    with live_database.engine.connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})
        second = threading.Thread(
            target=runner.work, args=(live_database, ORIGIN, open_store(live_settings), number)
        )
        second.start()
        said = _until_it_says(live_database, number)
        assert (said.status, said.error) == ("running", ingest.WAITS)
        first.rollback()
    second.join(30)
    with live_database.begin() as session:
        record = runner.find(session, number)
        assert (record.status, record.stored, record.error) == ("done", 1, None)


@pytest.mark.usefixtures("impatient")
def test_the_command_says_that_it_waits(live_database: Database) -> None:
    noted: list[str] = []
    line = iter([json.dumps(statement()).encode()])
    with live_database.engine.connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})

        def waits() -> None:
            noted.append(ingest.WAITS)
            if len(noted) == 3:
                first.rollback()

        tally = runner.work_here(live_database, ORIGIN, line, "x", 10, lambda *_: None, waits)
    assert (tally.stored, noted) == (1, [ingest.WAITS] * 3)


@pytest.mark.usefixtures("impatient")
def test_nobody_waits_forever(live_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_WAITS", 2)
    line = iter([json.dumps(statement()).encode()])
    with live_database.engine.connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})
        with pytest.raises(ingest.Busy, match="Other systems kept storing statements"):
            runner.work_here(live_database, ORIGIN, line, "x", 10, lambda *_: None)
    with live_database.begin() as session:
        record = runner.find(session, 1)
        assert record.status == "failed"
        assert "Run it again with the same file" in (record.error or "")
