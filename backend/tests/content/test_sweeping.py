"""Stored files that nothing names go; everything else stays, also what is wanted again at that moment."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from moto import mock_aws
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.content import jobs, service
from app.content.service import Swept
from app.core import clock
from app.core.files import FileStore, LocalStore, open_store
from app.core.jobs import jobs as registry
from app.db.models import AuditEntry, ContentFile, ContentPackage, XapiAttachment
from app.db.session import Database
from app.lrs import service as record_store
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


@contextmanager
def tomorrow() -> Iterator[None]:
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        yield


def hashes(store: FileStore) -> set[str]:
    return {file.sha256 for file in store.listed()}


def named(session: Session) -> set[str]:
    return {
        *session.scalars(select(ContentFile.sha256)),
        *session.scalars(select(ContentPackage.sha256)),
        *session.scalars(select(XapiAttachment.sha256)),
    }


def test_only_what_is_old_and_unnamed_goes(placed: Settings, live_database: Database) -> None:
    store = open_store(placed)
    with live_database.begin() as session:
        make_school(session, placed).upload()
        attached = store.put(b"a certificate")
        session.add(
            XapiAttachment(
                sha2=attached.sha256,
                sha256=attached.sha256,
                size_bytes=attached.size,
                content_type="text/plain",
            )
        )
    orphans = {store.put(f"left behind {number}".encode()).sha256 for number in range(45)}
    assert service.sweep(live_database, store) == Swept(), "nothing is old enough"
    with tomorrow():
        told = service.sweep(live_database, store, dry_run=True)
        assert (told.files, told.partial) == (45, 0)
        assert orphans < hashes(store), "telling removes nothing"
        swept = service.sweep(live_database, store)
        assert swept == told
        assert service.sweep(live_database, store) == Swept()
    with live_database.begin() as session:
        assert hashes(store) == named(session)
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "files.swept")).all()
        assert [(row.details["files"], row.details["size_bytes"]) for row in rows] == [(45, swept.size_bytes)]
        assert store.read_bytes(attached.sha256) == b"a certificate"
        for sha256 in session.scalars(select(ContentFile.sha256)):
            assert store.read_bytes(sha256) is not None


def test_the_nightly_job_removes_the_files_of_a_deleted_package(
    live_settings: Settings, live_database: Database
) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        make_school(session, live_settings).upload()
    first = hashes(store)
    with live_database.begin() as session:
        session.execute(delete(ContentPackage))
    context = SimpleNamespace(additional_context={"database": live_database, "settings": live_settings})
    with tomorrow():
        jobs.sweep_files(context, timestamp=0)
        assert hashes(store) == first, "a database without any course may be one that is yet to be restored"
        attached = store.put(b"a certificate")
        with live_database.begin() as session:
            session.add(
                XapiAttachment(
                    sha2="0" * 56, sha256=attached.sha256, size_bytes=attached.size, content_type="text/plain"
                )
            )
        jobs.sweep_files(context, timestamp=0)
    assert hashes(store) == {attached.sha256}
    assert ("content.sweep_files", "content.sweep_files") in registry.periodic_registry.periodic_tasks


def test_an_import_that_comes_to_rely_on_an_old_file_keeps_it(
    live_settings: Settings, live_database: Database
) -> None:
    """The sweep has seen the files without a name; before it removes them, an import under way names them."""
    store = open_store(live_settings)
    package = course()
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload(package)
    with live_database.begin() as session:
        session.execute(delete(ContentPackage))
    swept: list[Swept] = []

    def sweep() -> None:
        swept.append(service.sweep(live_database, store, older_than=timedelta(seconds=-5), trust_empty=True))

    sweeping = threading.Thread(target=sweep)
    with live_database.begin() as session:
        again = School(**{**vars(school), "session": session, "files": store})
        assert not store.put(io.BytesIO(package)).new, "the store trusts what it has"
        again.upload(package)
        sweeping.start()
        sweeping.join(0.5)
        assert sweeping.is_alive(), "the sweep waits for the import"
    sweeping.join(60)
    assert swept == [Swept()]
    with live_database.begin() as session:
        assert hashes(store) == named(session)


def test_no_attachment_is_recorded_while_files_are_removed(live_database: Database) -> None:
    """Two sweeps, or a sweep and a statement, take turns."""
    entered = threading.Event()

    def other() -> None:
        with live_database.begin() as session:
            record_store.hold_attachments(session)
            entered.set()

    waiting = threading.Thread(target=other)
    with live_database.begin() as session:
        record_store.hold_attachments(session)
        waiting.start()
        assert not entered.wait(0.3)
    waiting.join(30)
    assert entered.is_set()


def test_a_store_that_fails_half_way_loses_nothing_that_is_named(
    live_settings: Settings, live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(live_settings.data_dir / "files")
    with live_database.begin() as session:
        make_school(session, live_settings).upload()
        kept = named(session)
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
            service.sweep(live_database, store)
        monkeypatch.undo()
        assert kept < hashes(store)
        assert service.sweep(live_database, store).files == 2
    assert hashes(store) == kept


def test_pieces_of_broken_off_uploads_go_as_well(live_settings: Settings, live_database: Database) -> None:
    store = open_store(live_settings)
    store.scratch.mkdir(parents=True)
    piece = store.scratch / "incoming-killed"
    piece.write_bytes(b"half")
    two_days_ago = clock.now().timestamp() - 48 * 3600
    os.utime(piece, (two_days_ago, two_days_ago))
    assert service.sweep(live_database, store, trust_empty=True) == Swept(partial=1)
    assert not piece.exists()
