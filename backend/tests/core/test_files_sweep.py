"""Files stay while anybody claims them, whatever happens at that moment; what nobody claims goes."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import time_machine
from moto import mock_aws
from sqlalchemy import delete, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict
from app.core.files import FileMissing, FileStore, LocalStore, StoredFile, claims, jobs, open_store
from app.core.files.claims import Retention
from app.core.files.sweep import TEMPORARY, Swept, sweep
from app.core.jobs import jobs as registry
from app.db.models import AuditEntry, ContentPackage, FileClaim, StoredFileRow
from app.db.session import Database, libpq_url
from app.settings import Settings
from tests.content.conftest import School, make_school
from tests.factories.packages import course


@pytest.fixture(params=["disk", "bucket"])
def placed(request: pytest.FixtureRequest, live_settings: Settings) -> Iterator[Settings]:
    """The settings of a school whose files are on disk, or in a bucket."""
    if request.param == "disk":
        yield live_settings
        return
    with mock_aws():
        import boto3

        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="school")
        yield live_settings.model_copy(
            update={
                "s3_bucket": "school",
                "s3_region": "us-east-1",
                "s3_access_key_id": live_settings.secret_key,
                "s3_secret_access_key": live_settings.secret_key,
            }
        )


@pytest.fixture
def store(live_settings: Settings) -> LocalStore:
    return LocalStore(live_settings.data_dir / "files")


@contextmanager
def tomorrow(hours: float = 25) -> Iterator[None]:
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
        yield


def age(store: LocalStore, sha256: str) -> None:
    """Let a file have been there for two days."""
    two_days_ago = clock.now().timestamp() - 48 * 3600
    os.utime(store._path(sha256), (two_days_ago, two_days_ago))


def hashes(store: FileStore) -> set[str]:
    return {file.sha256 for file in store.listed()}


def claimed(session: Session) -> set[str]:
    return set(session.scalars(select(FileClaim.sha256).where(FileClaim.released_at.is_(None))))


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
    age(store, stored.sha256)
    with live_database.begin() as session:
        claims.release(session, "documents", 1)
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


def test_an_upload_that_is_rolled_back_leaves_a_file_that_goes(
    live_settings: Settings, live_database: Database, store: LocalStore
) -> None:
    class GaveUp(Exception):
        pass

    def upload() -> None:
        with live_database.begin() as session:
            make_school(session, live_settings).upload()
            raise GaveUp

    with pytest.raises(GaveUp):
        upload()
    assert hashes(store)
    with live_database.begin() as session:
        assert claimed(session) == set()
    with tomorrow():
        assert sweep(live_database, store, trust_empty=True).files > 0
    assert hashes(store) == set()


def test_a_process_killed_between_the_file_and_its_claim_leaves_a_file_that_goes(
    live_settings: Settings, live_database: Database, store: LocalStore, tmp_path: Path
) -> None:
    script = tmp_path / "put.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "import psycopg\n"
        "from app.core.files import LocalStore\n"
        "from app.core.files.claims import CLAIM\n"
        "stored = LocalStore(Path(sys.argv[1])).put(b'half done')\n"
        "connection = psycopg.connect(sys.argv[2])\n"
        "connection.execute(CLAIM, {'sha256': [stored.sha256], 'size_bytes': [9], 'media_type': [None],\n"
        "                           'owner_row': ['1'], 'owner_room': 'test', 'retention': 'normal'})\n"
        "print(stored.sha256, flush=True)\n"
        "time.sleep(600)\n"
    )
    url = libpq_url(live_settings.app_database_url)
    with subprocess.Popen(
        [sys.executable, str(script), str(store.directory), url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        sha256 = child.stdout.readline().strip()
        age(store, sha256)
        assert sweep(live_database, store, trust_empty=True) == Swept(), "its claim is under way"
        child.send_signal(signal.SIGKILL)
    with live_database.begin() as session:
        # The server notices the broken connection in its own time: the same claim waits for its end.
        session.execute(text("SET LOCAL lock_timeout = '60s'"))
        gone = StoredFile(sha256, 9)
        claims.claim(session, gone, room="test", row="2")
        session.rollback()
    with live_database.begin() as session:
        assert claimed(session) == set()
    assert sweep(live_database, store, trust_empty=True).files == 1
    assert not store.exists(sha256)


def test_a_file_whose_claim_is_under_way_stays(
    live_settings: Settings, live_database: Database, store: LocalStore
) -> None:
    """An old file is put again by an import that takes so long that the sweep comes in between."""
    package = course()
    with live_database.begin() as session:
        make_school(session, live_settings).upload(package)
    with live_database.begin() as session:
        school = make_school_again(session, live_settings)
        session.execute(delete(ContentPackage))
    with tomorrow():
        with live_database.begin() as session:
            again = School(**{**vars(school), "session": session, "files": store})
            assert not store.put(io.BytesIO(package)).new, "the store trusts what it has"
            again.upload(package)
            for sha256 in hashes(store):
                age(store, sha256)
            assert sweep(live_database, store, trust_empty=True) == Swept(), "it does not wait for the import"
        with live_database.begin() as session:
            assert hashes(store) == claimed(session)


def make_school_again(session: Session, settings: Settings) -> School:
    """The school of the rows that are there."""
    from app.db.models import Enrollment, Lesson, Program, User

    lesson = session.scalars(select(Lesson)).one()
    student, stranger, instructor = session.scalars(select(User).order_by(User.id))
    return School(
        session,
        settings,
        open_store(settings),
        session.scalars(select(Program)).one(),
        lesson,
        student,
        stranger,
        instructor,
        session.scalars(select(Enrollment)).one(),
    )


def test_a_file_put_again_is_young_again(placed: Settings, live_database: Database) -> None:
    """Between `put` and the claim nothing but its age protects a file that was there before."""
    store = open_store(placed)
    first = store.put(b"the same again")
    with tomorrow():
        put_again = store.put(b"the same again")
        assert not put_again.new
        if isinstance(store, LocalStore):  # a bucket's own clock does not travel
            kept = store.found(first.sha256)
            assert kept is not None
            assert clock.now() - kept.stored_at < timedelta(hours=25)


def test_a_file_that_went_before_its_claim_is_noticed(live_database: Database, store: LocalStore) -> None:
    store.put(b"the same again")
    put_again = store.put(b"the same again")
    store.delete(put_again.sha256)  # the sweep, in the moment after `put` had looked
    with pytest.raises(FileMissing), live_database.begin() as session:
        claims.claim(session, put_again, room="documents", row=1)
    with live_database.begin() as session:
        assert claimed(session) == set()


def test_a_claim_waits_for_the_sweep_that_removes_its_file(
    live_database: Database, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has deleted the row and is about to remove the file; who claims it now waits, and notices."""
    store.put(b"the same again")
    removing, go_on = threading.Event(), threading.Event()
    outcome: list[object] = []
    put_again = store.put(b"the same again")
    age(store, put_again.sha256)
    whole = LocalStore.delete

    def slow(self: LocalStore, sha256: str) -> None:
        removing.set()
        assert go_on.wait(30)
        whole(self, sha256)

    def claim() -> None:
        try:
            with live_database.begin() as session:
                claims.claim(session, put_again, room="documents", row=1)
            outcome.append("claimed")
        except FileMissing:
            outcome.append("missing")

    monkeypatch.setattr(LocalStore, "delete", slow)
    sweeping = threading.Thread(target=lambda: outcome.append(sweep(live_database, store, trust_empty=True)))
    claiming = threading.Thread(target=claim)
    sweeping.start()
    assert removing.wait(30)
    claiming.start()
    claiming.join(0.3)
    assert claiming.is_alive(), "the claim waits"
    go_on.set()
    for thread in (sweeping, claiming):
        thread.join(30)
    assert outcome.count("missing") == 1
    with live_database.begin() as session:
        assert claimed(session) == set()
    with live_database.begin() as session:
        claims.claim(session, store.put(b"the same again"), room="documents", row=1)
    assert store.exists(put_again.sha256)


def test_many_at_once_never_lose_a_claimed_file(
    live_database: Database, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four writers put and claim the same few files, give them up and claim them again, while sweeps go on.

    Without any grace time: the locks alone must do, so that no writer may trust that a file is new.
    """
    monkeypatch.setattr(LocalStore, "clear_scratch", lambda *_: 0)
    stop = threading.Event()
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(15):
                content = f"shared {turn % 3}".encode()
                try:
                    with live_database.begin() as session:
                        stored = replace(store.put(content), new=False)
                        claims.claim(session, stored, room="writers", row=f"{number}-{turn}")
                    with live_database.begin() as session:
                        assert store.exists(stored.sha256), "claimed and committed"
                        if turn % 2:
                            claims.release(session, "writers", f"{number}-{turn}")
                except FileMissing:
                    continue
        except BaseException as error:
            errors.append(error)

    def remove() -> None:
        try:
            while not stop.is_set():
                # No grace at all: what nobody claims goes at once.
                sweep(live_database, store, grace=timedelta(seconds=-5), trust_empty=True)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    sweeper = threading.Thread(target=remove)
    for thread in (*writers, sweeper):
        thread.start()
    for thread in writers:
        thread.join(90)
    stop.set()
    sweeper.join(30)
    assert errors == []
    with live_database.begin() as session:
        assert claimed(session) <= hashes(store)


def test_a_store_that_fails_half_way_loses_nothing_that_is_claimed(
    live_settings: Settings, live_database: Database, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        make_school(session, live_settings).upload()
        kept = claimed(session)
    for number in range(3):
        store.put(f"left behind {number}".encode())
    removed: list[str] = []
    whole = LocalStore.delete

    def fails_at_the_second(self: LocalStore, sha256: str) -> None:
        if removed:
            raise OSError("the disk is gone")
        removed.append(sha256)
        whole(self, sha256)

    with tomorrow():
        monkeypatch.setattr(LocalStore, "delete", fails_at_the_second)
        with pytest.raises(OSError, match="the disk is gone"):
            sweep(live_database, store)
        monkeypatch.undo()
        assert kept < hashes(store)
        assert sweep(live_database, store).files == 2
    assert hashes(store) == kept


def test_a_sweep_killed_between_the_file_and_its_commit_is_finished_by_the_next(
    live_database: Database, store: LocalStore
) -> None:
    stored = store.put(b"a draft")
    with live_database.begin() as session:
        claims.claim(session, stored, room="documents", row=1)
        claims.release(session, "documents", 1)
    store.delete(stored.sha256)
    with tomorrow():
        assert sweep(live_database, store).files == 0
    with live_database.begin() as session:
        assert session.scalars(select(StoredFileRow)).all() == []


def test_pieces_of_broken_off_uploads_go_as_well(live_database: Database, store: LocalStore) -> None:
    store.scratch.mkdir(parents=True)
    piece = store.scratch / "incoming-killed"
    piece.write_bytes(b"half")
    two_days_ago = clock.now().timestamp() - 48 * 3600
    os.utime(piece, (two_days_ago, two_days_ago))
    assert sweep(live_database, store, trust_empty=True) == Swept(partial=1)
    assert not piece.exists()
