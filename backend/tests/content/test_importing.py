"""Importing a package: all of it or nothing."""

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.content import service
from app.content.packages import upload as package_upload
from app.core.errors import Forbidden, Invalid, NotFound, TooLarge
from app.core.files import FileStore, open_store
from app.db.models import ContentFile, ContentPackage, ContentType, FileClaim
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import School, make_school, subject_of
from tests.factories.packages import Sco, course, manifest, zipped


def files_in(school: School) -> list[Path]:
    """Everything that lies in the file store."""
    return [path for path in (school.settings.data_dir / "files").rglob("*") if path.is_file()]


def test_a_package_is_kept_file_by_file_under_its_hashes(school: School) -> None:
    package = school.upload(course(files={"pages/Übung 1.txt": "hello", "a.svg": "<svg/>"}))
    rows = school.session.scalars(
        select(ContentFile).where(ContentFile.package_id == package.id).order_by(ContentFile.path)
    ).all()
    assert [(row.path, row.media_type) for row in rows] == [
        ("a.svg", "image/svg+xml"),
        ("imsmanifest.xml", "application/xml"),
        ("pages/course.html", "text/html"),
        ("pages/Übung 1.txt", "text/plain"),
        ("shared/api.js", "text/javascript"),
    ]
    assert school.files.read_bytes(rows[3].sha256) == b"hello"
    assert (package.version, package.standard, package.title) == (1, "scorm12", "Infection control")
    # The zip itself is kept too.
    assert len(files_in(school)) == len(rows) + 1


def test_a_new_version_takes_the_place_of_the_old_and_the_old_stays(school: School) -> None:
    first = school.upload()
    second = school.upload(course(title="Second edition"))
    school.session.refresh(first)
    assert (first.version, second.version) == (1, 2)
    assert first.replaced_at is not None
    assert second.replaced_at is None
    versions = service.packages(school.session, subject_of(school.instructor), school.lesson.id)
    assert [(package.version, name) for package, name in versions] == [
        (2, "Ina Structor"),
        (1, "Ina Structor"),
    ]


@pytest.mark.parametrize(
    "package",
    [
        b"this is no zip",
        course()[:-30],
        zipped({"index.html": "hello"}),
        zipped({"imsmanifest.xml": "<manifest"}),
        course(files={"imsmanifest.xml": manifest([Sco("a", "A", href="missing.html")])}),
        b"prefix" + course(),
    ],
)
def test_of_a_refused_package_nothing_stays(school: School, package: bytes) -> None:
    with pytest.raises(Invalid):
        school.upload(package)
    assert files_in(school) == []
    assert school.session.scalar(select(func.count()).select_from(ContentPackage)) == 0


def test_a_failure_half_way_leaves_no_row_and_no_claim(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = school.upload(course())
    before = set(files_in(school))

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(package_upload.queries, "add_files", fail)
    with pytest.raises(OSError, match="disk full"):
        school.upload(course(title="Another", files={"extra.txt": "new content"}))
    assert set(school.session.scalars(select(FileClaim.owner_row))) == {str(first.id)}
    assert before < set(files_in(school)), "what was put goes with the nightly sweep, as nobody claims it"


def test_only_staff_import_and_only_into_scorm_lessons(school: School) -> None:
    def attempt(user: object, lesson_id: int, max_bytes: int = 10**9) -> None:
        service.import_package(
            school.session,
            subject_of(user),  # type: ignore[arg-type]
            school.files,
            lesson_id,
            io.BytesIO(course()),
            file_name="a.zip",
            max_bytes=max_bytes,
        )

    with pytest.raises(Forbidden):
        attempt(school.student, school.lesson.id)
    with pytest.raises(NotFound):
        attempt(school.instructor, 10**6)
    with pytest.raises(TooLarge, match="MB"):
        attempt(school.instructor, school.lesson.id, 100)
    school.lesson.content_type = ContentType.VIDEO
    school.session.flush()
    with pytest.raises(Invalid, match="video lesson"):
        attempt(school.instructor, school.lesson.id)
    assert files_in(school) == []


def test_the_name_of_the_upload_is_only_shown(school: School) -> None:
    assert school.upload(name="C:\\fakepath\\..\\my course.zip").file_name == "my course.zip"
    assert school.upload(name="../../etc/passwd").file_name == "passwd"
    assert school.upload(name="\x00\n").file_name == "package.zip"


def test_the_file_store_tells_what_was_new(school: School) -> None:
    store: FileStore = school.files
    assert store.put(b"hello").new
    assert not store.put(b"hello").new


def test_imports_at_the_same_time_are_counted_and_keep_each_others_files(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        instructor, lesson_id = subject_of(school.instructor), school.lesson.id
    store = open_store(live_settings)
    add_files = package_upload.queries.add_files
    turns = iter([True, False, True, False])

    def fail_every_other(session: Session, rows: list[dict[str, object]]) -> None:
        if next(turns):
            raise OSError("disk full")
        add_files(session, rows)

    monkeypatch.setattr(package_upload.queries, "add_files", fail_every_other)
    outcomes: list[object] = []

    def upload() -> None:
        try:
            with live_database.begin() as session:
                package = service.import_package(
                    session,
                    instructor,
                    store,
                    lesson_id,
                    io.BytesIO(course()),
                    file_name="a.zip",
                    max_bytes=10**9,
                )
                outcomes.append(package.version)
        except OSError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(str, outcomes)) == ["1", "2", "disk full", "disk full"]
    with live_database.begin() as session:
        for file in session.scalars(select(ContentFile)):
            assert store.exists(file.sha256), file.path


def test_the_api_says_what_is_wrong_with_a_package(
    school: School, signed_in: Callable[..., TestClient]
) -> None:
    client = signed_in(school.instructor)
    url = f"/api/v1/lessons/{school.lesson.id}/packages"
    refused = client.post(url, files={"package": ("a.zip", b"no zip", "application/zip")})
    assert refused.status_code == 422
    assert refused.json()["detail"] == "The file is not a zip."
    accepted = client.post(url, files={"package": ("a.zip", course(), "application/zip")})
    assert accepted.status_code == 201, accepted.text
    assert accepted.json()["version"] == 1
    assert [p["version"] for p in client.get(url).json()] == [1]
    assert signed_in(school.student).get(url).status_code == 403


def test_every_hostile_sample_is_refused_over_the_api(
    school: School, samples: Path, signed_in: Callable[..., TestClient]
) -> None:
    client = signed_in(school.instructor)
    for path in sorted((samples / "hostile").glob("*.zip")):
        answer = client.post(
            f"/api/v1/lessons/{school.lesson.id}/packages",
            files={"package": (path.name, path.read_bytes(), "application/zip")},
        )
        assert answer.status_code == 422, path.name
        assert len(answer.json()["detail"]) > 15, json.dumps(answer.json())
    assert files_in(school) == []


def test_the_real_packages_are_imported(school: School, samples: Path) -> None:
    for path in sorted((samples / "scorm12").glob("*.zip")):
        package = school.upload(path.read_bytes(), path.name)
        assert (package.standard, package.warnings) == ("scorm12", [])
    for path in sorted((samples / "scorm2004").glob("*.zip")):
        package = school.upload(path.read_bytes(), path.name)
        assert (package.standard, package.warnings) == ("scorm2004", [])
