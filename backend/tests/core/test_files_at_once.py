"""Uploads, claims and sweeps at the same moment, and broken off half-way: no claimed file is lost."""

import io
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import FileMissing, LocalStore, StoredFile, claims, open_store
from app.core.files.sweep import Swept, sweep
from app.db.models import ContentPackage, StoredFileRow
from app.db.session import Database, libpq_url
from app.settings import Settings
from tests.content.conftest import School, make_school
from tests.core.conftest import age, claimed, hashes, tomorrow
from tests.factories.packages import course


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
