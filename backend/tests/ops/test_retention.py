"""What is due goes, once, whatever happens meanwhile, and nothing else does."""

import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock, retention
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.jobs import jobs
from app.core.permissions import SYSTEM
from app.core.retention import Kind
from app.db.base import Base
from app.db.models import AuditEntry, DataImport, FileClaim, OutboxMessage, PurgeRun, UserSession
from app.db.session import Database
from app.ops.retention import service
from app.ops.retention.jobs import purge as nightly
from app.school import policies
from app.school.kinds import PolicyKind, RetentionPolicy
from app.settings import Settings
from tests.factories.school import School, subject_of
from tests.ops.conftest import Aada

Monkey = pytest.MonkeyPatch
TODAY = date(2026, 6, 1)


def write(session: Session, days_old: int, count: int = 1) -> None:
    session.add_all(
        OutboxMessage(
            to_address="maria@example.org",
            subject=f"{days_old} days old",
            body_text="Hello",
            created_at=clock.now() - timedelta(days=days_old),
        )
        for _ in range(count)
    )
    session.flush()


def subjects(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(OutboxMessage.subject).order_by(OutboxMessage.id)))


def recorded(database: Database) -> list[dict[str, Any]]:
    with database.begin() as session:
        return list(
            session.scalars(
                select(AuditEntry.details)
                .where(AuditEntry.action == "retention.purged")
                .order_by(AuditEntry.id)
            )
        )


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


def test_a_kind_that_cannot_go_keeps_none_of_the_others(live_database: Database, monkeypatch: Monkey) -> None:
    def refused(session: Session, _before: datetime, _few: int) -> int:
        session.execute(text("DELETE FROM transcripts"))
        return 1

    kind = Kind("aaa", "AAA", "", 30, 1, "", lambda *_: 1, refused)
    monkeypatch.setitem(retention._kinds, "aaa", kind)
    with live_database.begin() as session:
        write(session, 200)
    run = service.purge(live_database)
    assert "permission denied" in run.failed["aaa"]
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


# The policy


def set_days(session: Session, effective: date = TODAY, **days: object) -> policies.DatedPolicy[Any]:
    return policies.add(
        session,
        SYSTEM,
        PolicyKind.RETENTION,
        effective_from=effective,
        values=days,
        approved_by="Board",
        today=TODAY,
    )


@pytest.mark.parametrize("kind", retention.kinds(), ids=lambda kind: kind.name)
def test_sooner_than_the_rule_is_refused_with_a_sentence_that_names_it(session: Session, kind: Kind) -> None:
    for given in (kind.minimum_days - 1, str(kind.minimum_days - 1)):
        with pytest.raises(Invalid) as refused:
            set_days(session, **{kind.name: given})
        (error,) = refused.value.errors
        assert error.field == kind.name
        assert kind.because in error.message
    assert set_days(session, **{kind.name: kind.minimum_days}).values.days(kind.name) == kind.minimum_days


def test_what_is_about_students_names_ferpa_and_gnpec(session: Session) -> None:
    for name, rule in {"email": "FERPA, 34 CFR 99.10", "imports": "FERPA", "scorm_commits": "GNPEC"}.items():
        with pytest.raises(Invalid, match=rule):
            set_days(session, **{name: 1})


@pytest.mark.parametrize("given", [0, -1, 3651, "x", "", "1e3", "٩٠", 90.5, None, True, [90], {"days": 90}])
def test_days_that_are_none_are_refused(session: Session, given: object) -> None:
    with pytest.raises(Invalid):
        set_days(session, email=given)


def test_a_kind_that_nobody_knows_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="no such value"):
        set_days(session, transcripts=400)


def test_the_policy_of_the_day_counts_and_cannot_be_changed_afterwards(
    live_database: Database, monkeypatch: Monkey
) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    with live_database.begin() as session:
        write(session, 61, 3)
        set_days(session, date(2026, 6, 2), email=60)
    assert service.purge(live_database).removed == {}
    now += timedelta(days=1)
    run = service.purge(live_database)
    assert (run.removed, run.policy_version, run.days["email"]) == ({"email": 3}, 2, 60)
    with live_database.begin() as session, pytest.raises(Conflict, match="data was removed"):
        policies.add(
            session,
            SYSTEM,
            PolicyKind.RETENTION,
            effective_from=date(2026, 6, 2),
            values={"email": 90},
            approved_by="Board",
            today=date(2026, 6, 2),
        )


def test_a_version_is_read_as_this_release_knows_its_kinds() -> None:
    read = RetentionPolicy.model_validate({"email": 1, "gone_since": 5})
    assert read.days("email") == 45
    assert read.days("sessions") == 90
    assert "gone_since" not in read.model_dump()


# Pages and commands


@pytest.fixture
def admin(session: Session, signed_in: Callable[..., TestClient]) -> TestClient:
    return signed_in(School(session).admin())


def test_the_page_shows_what_is_due_what_stays_and_why(session: Session, admin: TestClient) -> None:
    write(session, 181, 3)
    page = admin.get("/operations/retention").text
    for words in (
        "3 are due",
        "34 CFR 99.10",
        "180 days",
        "Nothing has been removed yet",
        "Not removed by this policy",
        "GNPEC Standard 6",
        "34 CFR 99.32",
    ):
        assert words in page
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 3
    assert "/operations/retention" in admin.get("/operations").text


def test_the_page_shows_what_went(session: Session, admin: TestClient) -> None:
    session.add(
        PurgeRun(
            started_at=clock.now(),
            finished_at=clock.now(),
            policy_version=4,
            days={},
            removed={"email": 12},
            failed={"jobs": "the disk is full"},
        )
    )
    session.flush()
    page = admin.get("/operations/retention").text
    assert "Email: 12" in page
    assert "Jobs that have ended: the disk is full" in page


def test_the_form_names_the_rule_at_the_field(admin: TestClient) -> None:
    form = {kind.name: str(kind.default_days) for kind in retention.kinds()}
    head = {"effective_from": "2030-01-01", "approved_by": "Board"}
    page = admin.get("/school/policies/retention/new").text
    assert "Messages of the outbox" in page
    refused = admin.post("/school/policies/retention/new", data=head | form | {"email": "44"})
    assert refused.status_code == 422
    assert "Keep this for 45 days or more: A student who asks" in refused.text
    assert admin.post("/school/policies/retention/new", data=head | form | {"email": "45"}).status_code == 303
    assert "45 days" in admin.get("/school/policies").text


def test_the_api_names_it_too(admin: TestClient) -> None:
    body = {"effective_from": "2030-01-01", "approved_by": "Board", "values": {"scorm_commits": 30}}
    answer = admin.post("/api/v1/school/policies/retention", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scorm_commits"
    assert "GNPEC" in answer.json()["detail"]


def test_only_those_who_look_after_the_system_see_it(session: Session) -> None:
    school = School(session)
    for user in (school.student(), school.instructor()):
        for ask in (service.standing, service.runs):
            with pytest.raises(Forbidden):
                ask(session, subject_of(user))


def test_the_command_shows_and_removes(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        write(session, 181, 2)
    status, shown = aada("retention", "status", "--json")
    email = next(row for row in json.loads(shown) if row["kind"] == "email")
    assert (status, email) == (0, {"kind": "email", "days": 180, "minimum_days": 45, "due": 2})
    status, shown = aada("retention", "purge", "--dry-run")
    assert status == 0
    assert "2 due   Email" in shown
    assert len(subjects(live_database)) == 2
    assert recorded(live_database) == []
    status, shown = aada("retention", "purge", "--json")
    assert (status, json.loads(shown)["removed"]) == (0, {"email": 2})
    assert aada("retention", "purge") == (0, "Nothing was due.\n")
    status, shown = aada(
        "policy", "add", "retention", "email=44", "--from", "2030-01-01", "--approved-by", "B"
    )
    assert status == 1
    assert "34 CFR 99.10" in shown
