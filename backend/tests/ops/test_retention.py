"""What is due goes, once, whatever happens meanwhile, and nothing else does."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import clock, retention
from app.core.jobs import jobs
from app.core.permissions import SYSTEM
from app.core.retention import Kind
from app.db.base import Base
from app.db.models import DataImport, FileClaim, UserSession
from app.db.session import Database
from app.ops.retention import service
from app.ops.retention.jobs import purge as nightly
from app.settings import Settings
from tests.factories.school import School
from tests.ops.old_messages import recorded, subjects, write

Monkey = pytest.MonkeyPatch


def tables_of(kinds: list[Kind]) -> list[str]:
    return [table for kind in kinds for table in kind.tables]


# What goes and what does not


def test_every_table_goes_by_a_kind_or_is_kept_with_a_reason() -> None:
    going = tables_of(retention.kinds())
    staying = [table for one in retention.kept() for table in one.tables]
    ours = {name for name in Base.metadata.tables if not name.startswith("procrastinate_")}
    assert sorted(going + staying) == sorted(ours)


NEVER = [
    "transcripts",
    "credentials",
    "externships",
    "refunds",
    "withdrawals",
    "enrollments",
    "attendance",
    "lesson_completions",
    "audit_log",
    "xapi_statements",
    "issued_documents",
    "scorm_data",
    "users",
]


@pytest.mark.parametrize("table", NEVER)
def test_records_are_never_purged(table: str) -> None:
    assert table not in tables_of(retention.kinds())
    assert any(table in one.tables for one in retention.kept())


# The purge


def test_what_is_due_goes_with_one_entry_and_what_is_younger_stays(live_database: Database) -> None:
    with live_database.begin() as session:
        write(session, 181, 7)
        write(session, 179, 2)
    run = service.purge(live_database, batch=3)
    assert subjects(live_database) == ["179 days old"] * 2
    assert run.removed == {"email": 7}
    assert recorded(live_database) == [{"policy_version": 1, "removed": {"email": 7}, "failed": []}]
    again = service.purge(live_database)
    assert (again.id, again.removed) == (run.id + 1, {})
    assert len(recorded(live_database)) == 2


def test_one_that_is_killed_in_the_middle_goes_on_and_counts_everything_once(
    live_database: Database, monkeypatch: Monkey
) -> None:
    with live_database.begin() as session:
        write(session, 200, 10)
    kind = next(one for one in retention.kinds() if one.name == "email")
    calls = []

    def killed(session: Session, before: datetime, few: int) -> int:
        gone = kind.purge(session, before, few)
        calls.append(gone)
        if len(calls) == 3:
            raise KeyboardInterrupt  # within the third transaction, after its rows are gone
        return gone

    broken = Kind(**{name: getattr(kind, name) for name in Kind.__slots__} | {"purge": killed})
    with monkeypatch.context() as patched:
        patched.setitem(retention._kinds, "email", broken)
        with pytest.raises(KeyboardInterrupt):
            service.purge(live_database, batch=3)
    assert len(subjects(live_database)) == 4  # two batches are gone, and the third came back
    assert recorded(live_database) == []
    with live_database.begin() as session:
        (half,) = service.runs(session, SYSTEM)
        assert (half.removed, half.finished_at) == ({"email": 6}, None)
    run = service.purge(live_database, batch=3)
    assert run.id == half.id
    assert recorded(live_database) == [{"policy_version": 1, "removed": {"email": 10}, "failed": []}]


def test_a_run_that_goes_on_counts_ages_from_when_it_began(
    live_database: Database, monkeypatch: Monkey
) -> None:
    with live_database.begin() as session:
        service._begun(session)
        write(session, 179)
    later = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert service.purge(live_database).removed == {}
    assert service.purge(live_database).removed == {"email": 1}


def test_several_at_once_work_off_the_same_run(live_database: Database) -> None:
    with live_database.begin() as session:
        write(session, 200, 40)
    start = threading.Barrier(3)
    found: list[object] = []

    def work() -> None:
        start.wait()
        try:
            found.append(service.purge(live_database, batch=2).finished_at is not None)
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 3
    assert subjects(live_database) == []
    # Who came when it was through has begun one of its own, in which nothing was due.
    assert [one["removed"] for one in recorded(live_database) if one["removed"]] == [{"email": 40}]


def test_a_session_in_use_stays_and_one_that_somebody_holds_is_not_waited_for(
    live_database: Database,
) -> None:
    now = clock.now()
    with live_database.begin() as session:
        user = School(session).student()

        def opened(token: str, **fields: Any) -> None:
            session.add(UserSession(user_id=user.id, token_hash=token, **fields))

        opened(
            "in use since long ago", created_at=now - timedelta(days=400), expires_at=now + timedelta(hours=1)
        )
        opened("ended lately", expires_at=now - timedelta(days=89))
        opened("ended long ago", expires_at=now - timedelta(days=91))
        opened("held", expires_at=now - timedelta(days=91))
        opened("revoked long ago", expires_at=now + timedelta(days=1), revoked_at=now - timedelta(days=91))
    with live_database.begin() as holding:
        holding.execute(text("SELECT FROM user_sessions WHERE token_hash = 'held' FOR UPDATE"))
        assert service.purge(live_database).removed == {"sessions": 2}
        with live_database.begin() as session:
            assert set(session.scalars(select(UserSession.token_hash))) == {
                "in use since long ago",
                "ended lately",
                "held",
            }
    assert service.purge(live_database).removed == {"sessions": 1}


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (("DELETE FROM transcripts",), "permission denied"),
        (("SET LOCAL statement_timeout = '10ms'", "SELECT pg_sleep(10)"), "statement timeout"),
        (("SELECT 1 / 0",), "division by zero"),
    ],
)
def test_a_kind_that_cannot_go_keeps_none_of_the_others(
    live_database: Database, monkeypatch: Monkey, statements: tuple[str, ...], reason: str
) -> None:
    def refused(session: Session, _before: datetime, _few: int) -> int:
        for statement in statements:
            session.execute(text(statement))
        return 1

    kind = Kind("aaa", "AAA", "", 30, 1, "", lambda *_: 1, refused)
    monkeypatch.setitem(retention._kinds, "aaa", kind)
    with live_database.begin() as session:
        write(session, 200)
    run = service.purge(live_database)
    assert reason in run.failed["aaa"]
    assert recorded(live_database) == [{"policy_version": 1, "removed": {"email": 1}, "failed": ["aaa"]}]


def test_a_file_that_was_checked_and_never_imported_is_given_up_with_its_row(live_database: Database) -> None:
    sha256 = "a" * 64
    with live_database.begin() as session:
        session.execute(text("INSERT INTO stored_files (sha256, size_bytes) VALUES (:it, 1)"), {"it": sha256})
        for status in ("checked", "queued"):
            record = DataImport(
                kind="people",
                file_name=status,
                sha256=sha256,
                size_bytes=1,
                status=status,
                created_at=clock.now() - timedelta(days=181),
            )
            session.add(record)
            session.flush()
            session.add(FileClaim(sha256=sha256, owner_room="web.imports", owner_row=str(record.id)))
    assert service.purge(live_database).removed == {"imports": 1}
    with live_database.begin() as session:
        assert list(session.scalars(select(DataImport.file_name))) == ["queued"]
        assert sorted(session.scalars(select(FileClaim.released_at.is_(None)))) == [False, True]


def test_old_files_of_the_access_log_go_and_the_current_one_stays(
    live_settings: Settings, live_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "access.log"
    live_database.use(live_settings.model_copy(update={"access_log_file": path}))
    ages = {
        "access.log": 400,
        "access.log.1": 10,
        "access.log.2": 91,
        "access.log.3": 120,
        "access.log.old": 400,
    }
    for name, days in ages.items():
        (tmp_path / name).write_text("x")
        at = (clock.now() - timedelta(days=days)).timestamp()
        os.utime(tmp_path / name, (at, at))
    assert service.purge(live_database, batch=1).removed == {"access_log_files": 2}
    left = {one.name for one in tmp_path.iterdir() if one.is_file() and not one.name.endswith(".lock")}
    assert left == {"access.log", "access.log.1", "access.log.old"}


def test_failed_jobs_go_and_waiting_ones_stay(live_database: Database) -> None:
    insert = text(
        "WITH job AS (INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ('default', :name, CAST(:status AS procrastinate_job_status)) RETURNING id)"
        " INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'failed', :at FROM job"
    )
    old, new = clock.now() - timedelta(days=31), clock.now() - timedelta(days=29)
    with live_database.begin() as session:
        for name, status, at in (
            ("old", "failed", old),
            ("new", "failed", new),
            ("waits", "todo", old),
            ("works", "doing", old),
        ):
            session.execute(insert, {"name": name, "status": status, "at": at})
        session.execute(
            text("UPDATE procrastinate_events SET at = :old WHERE type = 'deferred'"), {"old": old}
        )
    assert service.purge(live_database).removed == {"jobs": 1}
    with live_database.begin() as session:
        names = session.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id"))
        assert list(names) == ["new", "waits", "works"]


def test_it_runs_every_night_by_the_worker(live_settings: Settings, live_database: Database) -> None:
    context = SimpleNamespace(additional_context={"database": live_database, "settings": live_settings})
    assert "retention.purge" in {one.task.name for one in jobs.periodic_registry.periodic_tasks.values()}
    with live_database.begin() as session:
        write(session, 181)
    nightly(context, timestamp=0)
    assert subjects(live_database) == []
