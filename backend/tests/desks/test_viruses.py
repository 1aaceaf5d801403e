"""A virus gets in through no door, and nothing does while the scanner is away."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.core.files import FileStore
from app.core.files.scanner import Scanner
from app.db.models import (
    AdmissionKind,
    AuditEntry,
    ContentPackage,
    ContentType,
    DataImport,
    Lesson,
    OutboxMessage,
    StoredFileRow,
    User,
    XapiImport,
)
from app.projections import alerts
from app.setting_values import socket_address
from tests.factories.accounts import HASHED
from tests.factories.clamd import EICAR, SIGNATURE, StandIn, clamd
from tests.factories.packages import course
from tests.factories.school import School
from tests.projecting import project

APP = Path(__file__).resolve().parents[2] / "app"
SignedIn = Callable[[User], TestClient]


@dataclass
class Doors:
    """An administrator at every address that keeps a file."""

    client: TestClient
    session: Session
    store: FileStore
    daemon: StandIn
    lesson_id: int

    def package(self, content: bytes, path: str = "/lessons/{}/content") -> int:
        packed = course(files={"pages/a.txt": b"x" * 10 + content + b"x" * 300_000})
        answer = self.client.post(path.format(self.lesson_id), files={"package": ("c.zip", packed)})
        return answer.status_code

    def send(self, path: str, files: dict[str, tuple[str, bytes]]) -> int:
        return self.client.post(path, files=files).status_code

    def kept(self) -> int:
        """Everything that an upload could have left behind."""
        found = len(list(self.store.listed()))
        for model in (ContentPackage, DataImport, XapiImport, StoredFileRow):
            found += self.session.scalar(select(func.count()).select_from(model)) or 0
        return found + bool(self.session.scalar(text("SELECT logo_sha256 FROM school")))


@pytest.fixture
def doors(
    app: FastAPI, session: Session, signed_in: SignedIn, school: School, tmp_path: Path
) -> Iterator[Doors]:
    lesson = school.lesson(school.module(school.program()), content_type=ContentType.SCORM)
    client = signed_in(school.admin(full_name="Ada Admin", email="ada@example.org", hashed_password=HASHED))
    store: FileStore = app.state.files
    with clamd(tmp_path / "clamd.ctl") as daemon:
        store.scanner = Scanner(socket_address(daemon.address))
        yield Doors(client, session, store, daemon, lesson.id)


def _table(content: bytes) -> dict[str, tuple[str, bytes]]:
    rows = b"Full name,Email\nMaria Lopez,maria@example.org\n"
    return {"file": ("people.csv", rows + b"'" + content + b"',x@example.org\n")}


def _drawing(content: bytes) -> dict[str, tuple[str, bytes]]:
    # A title is among what the cleaning keeps.
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><title>%s</title></svg>' % content
    return {"logo": ("logo.svg", svg)}


def _paper(at: Doors, content: bytes) -> int:
    student = School(at.session).student()
    kind = at.session.scalars(select(AdmissionKind.id).limit(1)).one()
    at.session.commit()
    files = {"file": ("diploma.pdf", b"%PDF-1.7\n" + content + b"\n%%EOF")}
    path = f"/people/{student.id}/admission-documents/new"
    return at.client.post(path, data={"kind_id": kind}, files=files).status_code


def _several(at: Doors, content: bytes) -> int:
    module_id = at.session.get_one(Lesson, at.lesson_id).module_id
    packed = course(files={"pages/a.txt": b"x" * 10 + content + b"x" * 300_000})
    return at.send(f"/modules/{module_id}/content", {"packages": ("c.zip", packed)})


def _photo(at: Doors, content: bytes) -> int:
    student = School(at.session).student()
    at.session.commit()
    # What stands behind the picture goes when it is drawn again; the scanner has seen it all the same.
    out = BytesIO()
    Image.new("RGB", (200, 200), "teal").save(out, "PNG")
    return at.send(f"/people/{student.id}/photo", {"photo": ("me.png", out.getvalue() + content)})


SEVERAL = "several files"
DOORS: dict[str, Callable[[Doors, bytes], int]] = {
    "package": lambda at, content: at.package(content),
    "package by the API": lambda at, content: at.package(content, "/api/v1/lessons/{}/packages"),
    SEVERAL: _several,
    "import": lambda at, content: at.send("/imports/people/new", _table(content)),
    "import by the API": lambda at, content: at.send("/api/v1/imports/people", _table(content)),
    "statements": lambda at, content: at.send("/lrs/imports", {"statements": ("s.json", b"[%s]" % content)}),
    "admission document": _paper,
    "photo": _photo,
    "logo": lambda at, content: at.send("/school/logo", _drawing(content)),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_clean_file_comes_in(doors: Doors, door: str) -> None:
    assert DOORS[door](doors, b"harmless") in (201, 303)
    assert any(b"harmless" in content for content in doors.daemon.scanned)


@pytest.mark.parametrize("door", DOORS)
def test_a_virus_is_refused_recorded_and_mailed(doors: Doors, door: str) -> None:
    before = doors.kept()
    assert DOORS[door](doors, EICAR) == 422
    assert doors.kept() == before
    [row] = doors.session.scalars(select(AuditEntry).where(AuditEntry.action == Action.FILE_INFECTED.value))
    assert (row.actor_name, row.details["signature"]) == ("Ada Admin", SIGNATURE)
    project(doors.session, alerts.SUBSCRIBER)
    [mail] = doors.session.scalars(select(OutboxMessage))
    assert mail.to_address == "ada@example.org"
    assert SIGNATURE in mail.body_text


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", ["down", "cut short", "too large"])
def test_nothing_comes_in_while_the_scanner_gives_no_verdict(doors: Doors, door: str, fault: str) -> None:
    before = doors.kept()
    if fault == "down":
        doors.store.scanner = Scanner(str(Path(doors.daemon.address).with_name("nobody")))
    elif fault == "cut short":
        doors.daemon.answer = b"stream: OK"
    else:
        doors.daemon.largest = 5
    # Among several files, one that is too large is named with what is wrong with the others.
    too_large = 422 if door == SEVERAL else 413
    assert DOORS[door](doors, b"harmless") == (too_large if fault == "too large" else 503)
    assert doors.kept() == before


def test_the_page_says_what_was_found_and_what_to_do(doors: Doors) -> None:
    packed = course(files={"pages/a.txt": EICAR})
    answer = doors.client.post(f"/lessons/{doors.lesson_id}/content", files={"package": ("c.zip", packed)})
    assert answer.status_code == 422
    for words in (SIGNATURE, "Nothing was saved", "Scan the computer"):
        assert words in answer.text
    page = doors.client.get("/security?kind=viruses").text
    assert SIGNATURE in page
    assert "Virus found in an uploaded file" in page


def test_a_scanner_that_is_away_is_503_with_retry_after_for_people_and_programs(doors: Doors) -> None:
    doors.daemon.answer = b"garbage\0"
    packed = course()
    for path in (f"/lessons/{doors.lesson_id}/content", f"/api/v1/lessons/{doors.lesson_id}/packages"):
        answer = doors.client.post(path, files={"package": ("c.zip", packed)})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "virus scanner does not answer" in answer.text


def test_a_virus_in_the_last_file_of_a_package_leaves_none_of_the_others(doors: Doors) -> None:
    before = doors.kept()
    packed = course(files={**{f"pages/{n}.txt": b"clean %d" % n for n in range(20)}, "zzz.txt": EICAR})
    answer = doors.client.post(f"/lessons/{doors.lesson_id}/content", files={"package": ("c.zip", packed)})
    assert answer.status_code == 422
    assert doors.kept() == before


def test_every_file_that_is_put_into_the_store_was_examined() -> None:
    """Whoever calls `put` on a file store examines the file in the same function, or is listed here with a reason."""
    without = {
        "compliance/closure/service.py:work": "the system's own package, of files that were let in",
        "compliance/inspections/packet.py:work": "the system's own packet, of files that were let in",
        "compliance/privacy/access.py:answer_with_copy": "the system's own archive, of files that were let in",
        "finance/agreements/proposals/service.py:prepare": "the system's own PDF",
        "finance/agreements/signatures/service.py:sign_as": "the system's own PDF",
        "content/authoring/service.py:publish": "the lesson's text as the system wrote it",
        "documents/batch.py:_finished": "the system's own PDF",
        "documents/issue.py:issue": "the system's own PDF",
        "ops/doctor/machine.py:files": "a few bytes of the check's own",
        "lrs/engine/statements/intake.py:_kept_still": "put again; _kept has let it in",
    }
    found = set()
    for path in APP.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
            if any(call in ("files.put", "store.put", "runtime.files.put") for call in calls) and not any(
                call.startswith("intake.") or call == "runtime.admit" for call in calls
            ):
                found.add(f"{path.relative_to(APP)}:{function.name}")
    # The package's files are examined by its caller, all of them before the first is put.
    assert found - {"content/packages/upload.py:put_package"} == set(without)
