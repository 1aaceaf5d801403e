"""Files stay while anybody claims them; what nobody claims goes."""

from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import ProgrammingError

from app.core import clock
from app.core.errors import Conflict
from app.core.files import LocalStore, claims, jobs, open_store
from app.core.files.claims import Retention
from app.core.files.sweep import TEMPORARY, Swept, sweep
from app.core.jobs import jobs as registry
from app.db.models import AuditEntry, ContentPackage, FileClaim, StoredFileRow
from app.db.session import Database, libpq_url
from app.settings import Settings
from tests.content.conftest import make_school
from tests.core.conftest import age, claimed, hashes, tomorrow


def test_only_what_is_old_and_unclaimed_goes(placed: Settings, live_database: Database) -> None:
    store = open_store(placed)
    with live_database.begin() as session:
        make_school(session, placed).upload()
        attached, given_up = store.put(b"a certificate"), store.put(b"a draft")
        claims.claim(session, attached, room="documents", row=1, media_type="text/plain")
        claims.claim(session, given_up, room="documents", row=2)
    orphans = {store.put(f"left behind {number}".encode()).sha256 for number in range(45)}
    assert sweep(live_database, store) == Swept(), "nothing is old enough"
    with live_database.begin() as session:
        assert claims.release(session, "documents", 2) == 1
        assert claims.release(session, "documents", 2) == 0
        assert session.get_one(StoredFileRow, attached.sha256).media_type == "text/plain"
    orphans.add(given_up.sha256)
    with tomorrow():
        shown = sweep(live_database, store, dry_run=True)
        assert (shown.files, shown.partial) == (46, 0)
        assert orphans < hashes(store), "a dry run removes nothing"
        swept = sweep(live_database, store)
        assert swept == shown
        assert sweep(live_database, store) == Swept()
    with live_database.begin() as session:
        assert hashes(store) == claimed(session) == set(session.scalars(select(StoredFileRow.sha256)))
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "files.swept")).all()
        assert [(row.details["files"], row.details["size_bytes"]) for row in rows] == [(46, swept.size_bytes)]
        assert store.read_bytes(attached.sha256) == b"a certificate"


def test_a_file_given_up_a_moment_ago_stays_for_the_grace_time(
    live_database: Database, store: LocalStore
) -> None:
    stored = store.put(b"a draft")
    with live_database.begin() as session:
        claims.claim(session, stored, room="documents", row=1)
        assert claims.claimed(session) == [stored.sha256]
    age(store, stored.sha256)
    with live_database.begin() as session:
        claims.release(session, "documents", 1)
        assert claims.claimed(session) == []
        now = clock.now()
        since = [claims.stored_since(session, now + timedelta(days=day)) for day in (-1, 1)]
        assert since == [[stored.sha256], []], "a backup copies what may be claimed again"
    assert sweep(live_database, store) == Swept()
    with tomorrow():
        assert sweep(live_database, store).files == 1


def test_one_of_two_owners_keeps_the_file(live_database: Database, store: LocalStore) -> None:
    with live_database.begin() as session:
        stored = store.put(b"a logo")
        first = claims.claim(session, stored, room="school", row="logo")
        assert claims.claim(session, stored, room="school", row="logo") == first, "the same claim"
        claims.claim(session, stored, room="documents", row=5)
        claims.release(session, "school", "logo")
    with tomorrow():
        assert sweep(live_database, store) == Swept()
        with live_database.begin() as session:
            claims.release(session, "documents", 5)
    with tomorrow(50):
        assert sweep(live_database, store).files == 1
    with live_database.begin() as session:
        assert session.scalars(select(FileClaim)).all() == []


def test_the_nightly_job_removes_the_files_of_a_deleted_package(
    live_settings: Settings, live_database: Database, store: LocalStore
) -> None:
    orphan = store.put(b"left behind")
    context = SimpleNamespace(additional_context={"database": live_database, "settings": live_settings})
    with tomorrow():
        jobs.sweep_files(context, timestamp=0)
        assert hashes(store) == {orphan.sha256}, "a database without a claim may be yet to be restored"
    with live_database.begin() as session:
        make_school(session, live_settings).upload()
        logo = store.put(b"a logo")
        claims.claim(session, logo, room="school", row="logo")
    with live_database.begin() as session:
        session.execute(delete(ContentPackage))
        assert claimed(session) == {logo.sha256}, "the database released what the package claimed"
    with tomorrow():
        jobs.sweep_files(context, timestamp=0)
    assert hashes(store) == {logo.sha256}
    assert ("files.sweep", "files.sweep") in registry.periodic_registry.periodic_tasks


def test_a_temporary_claim_ends_by_itself(live_database: Database, store: LocalStore) -> None:
    with live_database.begin() as session:
        export = store.put(b"an export")
        claims.claim(session, export, room="reports", row=1, retention=Retention.TEMPORARY)
    with tomorrow(hours=25):
        assert sweep(live_database, store) == Swept()
    with tomorrow(hours=TEMPORARY / timedelta(hours=1) + 1):
        assert sweep(live_database, store) == Swept(), "it is given up, and has its grace time"
    with tomorrow(hours=TEMPORARY / timedelta(hours=1) + 26):
        assert sweep(live_database, store).files == 1


def test_a_permanent_claim_can_be_neither_released_nor_deleted(
    live_settings: Settings, live_database: Database, store: LocalStore
) -> None:
    transcript = store.put(b"a transcript")
    with live_database.begin() as session:
        claims.claim(session, transcript, room="transcripts", row=1, retention=Retention.PERMANENT)
        claims.claim(session, transcript, room="reports", row=2)
    with live_database.begin() as session, pytest.raises(Conflict, match="kept permanently"):
        claims.release(session, "transcripts", 1)
    commands = (
        "UPDATE file_claims SET released_at = now() WHERE retention = 'permanent'",
        "DELETE FROM file_claims WHERE retention = 'permanent'",
        "DELETE FROM file_claims",
        "DELETE FROM file_claims WHERE retention = 'normal'",
        "UPDATE file_claims SET retention = 'normal'",
        "ALTER TABLE file_claims DISABLE TRIGGER ALL",
    )
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as program:
        assert program.execute("SELECT current_user").fetchone() == ("aada_app",)
        for command in commands:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                program.execute(command.encode())
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            program.execute("DELETE FROM stored_files")
    with live_database.begin() as session:
        claims.release(session, "reports", 2)
    with live_database.begin() as session, pytest.raises(ProgrammingError, match="is over"):
        session.execute(text("UPDATE file_claims SET released_at = NULL WHERE retention = 'normal'"))
    with tomorrow(hours=24 * 400):
        assert sweep(live_database, store) == Swept()
    assert store.exists(transcript.sha256)
