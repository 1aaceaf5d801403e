"""Uploads have the room that the school gives them: each content counts once, and two at once cannot pass together."""

import io
import threading
from collections.abc import Callable
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.content import service as content
from app.core.files import FileStore, LocalStore, claims, intake, open_store, quota
from app.core.files.claims import Retention
from app.core.files.quota import OverQuota, Quota
from app.core.permissions import SYSTEM
from app.db.models import AuditEntry, ContentPackage, ContentType, OutboxMessage, StoredFileRow, User
from app.db.session import Database
from app.projections import alerts
from app.school import policies
from app.school.kinds import PolicyKind
from app.settings import Settings
from tests.factories.accounts import HASHED
from tests.factories.packages import course
from tests.factories.school import School, subject_of
from tests.projecting import project

Allow = Callable[..., None]
SignedIn = Callable[[User], TestClient]


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Allow:
    def set_quota(school: int = 10**12, package: int = 10**12, file: int = 10**12) -> None:
        monkeypatch.setattr(quota, "_allowed", lambda _session: Quota(school, package, file))

    return set_quota


def keep(session: Session, store: FileStore, content: bytes, row: int, **options: object) -> None:
    intake.examine_upload(session, store, io.BytesIO(content))
    claims.claim(session, store.put(content), room="test", row=row, **options)  # type: ignore[arg-type]


def used(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.sum(StoredFileRow.size_bytes), 0))) or 0


def test_what_fits_to_the_byte_fits_and_one_more_does_not(
    session: Session, settings: Settings, allow: Allow
) -> None:
    store = open_store(settings)
    allow(school=100)
    keep(session, store, b"a" * 60, 1)
    keep(session, store, b"b" * 40, 2)
    with pytest.raises(OverQuota) as refused:
        keep(session, store, b"c", 3)
    assert refused.value.status == 413
    assert "has used 100 bytes of 100 bytes for files, and this one needs 1 byte more" in refused.value.detail
    assert "Nothing was saved" in refused.value.detail
    assert [file.size for file in store.listed() if file.size == 1] == []


def test_the_same_content_counts_once_and_is_never_refused(
    session: Session, settings: Settings, allow: Allow
) -> None:
    store = open_store(settings)
    allow(school=100)
    for row in range(5):
        keep(session, store, b"a" * 100, row)
    assert quota.usage(session).used == 100
    # Also when the school has lowered its quota since.
    allow(school=50)
    keep(session, store, b"a" * 100, 9)


def test_what_was_given_up_counts_until_it_is_swept_and_the_sentence_says_so(
    session: Session, settings: Settings, allow: Allow
) -> None:
    store = open_store(settings)
    allow(school=2048)
    keep(session, store, b"a" * 1536, 1)
    claims.release(session, "test", 1)
    assert (quota.usage(session).used, quota.usage(session).given_up) == (1536, 1536)
    with pytest.raises(OverQuota, match=r"used 1\.5 KB of 2 KB .* 1\.5 KB of that is no longer needed"):
        keep(session, store, b"b" * 1024, 2)


def test_documents_of_the_school_s_own_count_and_are_never_refused(
    session: Session, settings: Settings, allow: Allow
) -> None:
    store = open_store(settings)
    allow(school=10)
    claims.claim(session, store.put(b"x" * 100), room="documents", row=1, retention=Retention.PERMANENT)
    assert quota.usage(session).used == 100
    with pytest.raises(OverQuota):
        keep(session, store, b"y", 2)


def test_one_file_and_one_package_have_limits_of_their_own(
    session: Session, settings: Settings, allow: Allow
) -> None:
    store = open_store(settings)
    allow(file=1024)
    with pytest.raises(OverQuota, match=r"This file has 1\.5 KB; the school accepts 1 KB for one file"):
        keep(session, store, b"x" * 1536, 1)


def upload(
    session: Session, settings: Settings, store: FileStore, lesson_id: int, user: User, packed: bytes
) -> None:
    content.import_package(
        session,
        subject_of(user),
        store,
        lesson_id,
        io.BytesIO(packed),
        file_name="c.zip",
        max_bytes=settings.max_upload_bytes,
    )


def lesson_of(school: School) -> int:
    return school.lesson(school.module(school.program()), content_type=ContentType.SCORM).id


def test_what_a_package_unpacks_to_counts_too(session: Session, settings: Settings, allow: Allow) -> None:
    school, store = School(session), open_store(settings)
    lesson_id, admin = lesson_of(school), school.admin()
    # A few kilobytes as a zip, three megabytes of zeros inside, twice the same.
    packed = course(files={"a.bin": b"0" * 3 * 1024**2, "b.bin": b"0" * 3 * 1024**2})
    assert len(packed) < 100_000
    allow(package=2 * 1024**2)
    with pytest.raises(
        OverQuota, match=r"This package needs 3 MB with the files in it; the school accepts 2 MB"
    ):
        upload(session, settings, store, lesson_id, admin, packed)
    allow(school=2 * 1024**2)
    with pytest.raises(OverQuota, match=r"needs 3 MB more"):
        upload(session, settings, store, lesson_id, admin, packed)
    assert list(store.listed()) == []
    assert session.scalar(select(func.count()).select_from(ContentPackage)) == 0
    allow(school=4 * 1024**2, package=4 * 1024**2)
    upload(session, settings, store, lesson_id, admin, packed)
    # A new version needs room for what is new in it alone.
    upload(
        session,
        settings,
        store,
        lesson_id,
        admin,
        course(title="Second", files={"a.bin": b"0" * 3 * 1024**2}),
    )


@pytest.mark.parametrize("doors", [2, 5])
def test_uploads_at_once_cannot_pass_together(
    live_database: Database, live_settings: Settings, allow: Allow, doors: int
) -> None:
    """Each fits alone, and each has been let in before any of them is claimed."""
    store = LocalStore(live_settings.data_dir / "files")
    allow(school=100)
    all_let_in = threading.Barrier(doors)
    found: list[object] = []

    def send(number: int) -> None:
        try:
            with live_database.begin() as session:
                body = bytes([number]) * 60
                intake.examine_upload(session, store, io.BytesIO(body))
                all_let_in.wait()
                claims.claim(session, store.put(body), room="test", row=number)
            found.append("kept")
        except OverQuota:
            found.append("refused")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["kept"] + ["refused"] * (doors - 1)
    with live_database.begin() as session:
        assert used(session) == 60


def test_administrators_get_an_email_at_80_and_at_95_percent_once(
    session: Session, settings: Settings, allow: Allow
) -> None:
    School(session).admin(email="ada@example.org", hashed_password=HASHED)
    store = open_store(settings)
    allow(school=1000)
    for row, size in enumerate((790, 20, 100, 39, 2, 10)):
        keep(session, store, bytes([row]) * size, row)
    rows = session.scalars(
        select(AuditEntry.details).where(AuditEntry.action == "storage.filling").order_by(AuditEntry.id)
    ).all()
    assert [row["percent"] for row in rows] == [80, 95]
    project(session, alerts.SUBSCRIBER)
    mails = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert ["80%" in mails[0].subject, "95%" in mails[1].subject, len(mails)] == [True, True, 2]
    assert "810 bytes of 1000 bytes" in mails[0].body_text


@pytest.mark.parametrize(("size", "shown"), [(790, None), (800, "warn"), (950, "bad")])
def test_operations_shows_how_full_it_is(
    session: Session, settings: Settings, signed_in: SignedIn, allow: Allow, size: int, shown: str | None
) -> None:
    allow(school=1000)
    keep(session, open_store(settings), b"x" * size, 1)
    page = signed_in(School(session).admin()).get("/operations").text
    assert f"{size} bytes of 1000 bytes" in page
    assert ("File storage is almost full" in page) == (shown == "bad")
    assert ("File storage is running low" in page) == (shown == "warn")


def test_the_policy_of_the_day_says_how_much(session: Session) -> None:
    def allowed() -> Quota:
        assert quota._allowed is not None
        return quota._allowed(session)

    assert allowed() == Quota(50 * 1024**3, 3 * 1024**3, 1024**3)
    day = date(2026, 1, 1)
    policies.add(
        session,
        SYSTEM,
        PolicyKind.STORAGE,
        effective_from=day,
        values={"school_gigabytes": 60, "file_megabytes": 5000},
        approved_by="Board",
        today=day,
    )
    # The setting is the hard limit: a request with more never arrives.
    assert (allowed().school, allowed().file) == (60 * 1024**3, 1024**3)


def test_the_page_shows_the_sentence_with_the_form(
    app: FastAPI, session: Session, signed_in: SignedIn, allow: Allow
) -> None:
    school = School(session)
    lesson_id = lesson_of(school)
    client = signed_in(school.admin())
    allow(school=1024)
    for path in (f"/lessons/{lesson_id}/content", f"/api/v1/lessons/{lesson_id}/packages"):
        answer = client.post(path, files={"package": ("c.zip", course())})
        assert answer.status_code == 413
        assert "The school has used 0 bytes of 1 KB for files" in answer.text
    table = {"file": ("people.csv", b"Full name,Email\n" + b"x" * 2000)}
    assert client.post("/api/v1/imports/people", files=table).status_code == 413
    assert list(app.state.files.listed()) == []
