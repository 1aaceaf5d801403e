"""The whole file: every row and paper, checksums, and signatures that others can verify."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.privacy import service
from app.compliance.privacy.schemas import AmendmentForm, DecisionForm, HearingForm
from app.core import student_records
from app.core.errors import Forbidden, NotFound
from app.core.files import FileStore
from app.core.permissions import Subject
from app.db.models import AdmissionDocument, AdmissionKind, AuditEntry, StudentNote, User
from app.settings import Settings
from tests.compliance.privacy.conftest import NOW, TODAY, SignedIn
from tests.documents import poppler
from tests.factories.school import School, subject_of

PAPER = b"\xff\xd8\xff a photo of a diploma"


@pytest.fixture
def studied(session: Session, school: School, maria: User, store: FileStore) -> User:
    """Maria with rows in several rooms, and somebody else with the same."""
    for person in (maria, school.student(full_name="Other Otto", email="otto@example.org")):
        enrollment = school.enrollment(person)
        school.attendance(enrollment)
        school.completion(enrollment, school.lesson(school.module(enrollment.program)))
        session.add(
            StudentNote(
                user_id=person.id, author_name="Rita", audience=["registrar"], body=f"=About {person.id}"
            )
        )
    session.add(
        StudentNote(user_id=maria.id, author_name="Bo", audience=["bursar"], body="Pays in installments")
    )
    kind = session.scalars(select(AdmissionKind.id)).first()
    stored = store.put(PAPER)
    session.add(
        AdmissionDocument(
            user_id=maria.id,
            kind_id=kind,
            sha256=stored.sha256,
            media_type="image/jpeg",
            size_bytes=stored.size,
        )
    )
    session.commit()
    return maria


def _taken_out(app: FastAPI, subject: Any, store: FileStore, settings: Settings, student_id: int) -> bytes:
    made = service.export_file(app.state.database, subject, store, settings, student_id)
    with made.file:
        content = made.file.read()
    assert hashlib.sha256(content).hexdigest() == made.sha256
    assert len(content) == made.size
    return content


@pytest.mark.usefixtures("keys")
def test_the_whole_file_holds_everything_and_verifies_without_the_system(
    app: FastAPI,
    session: Session,
    settings: Settings,
    store: FileStore,
    studied: User,
    me: Subject,
    registrar: Subject,
    colleague: Subject,
    tmp_path: Path,
) -> None:
    row = service.ask_amendment(
        session, me, studied.id, AmendmentForm(request=uuid4(), record="Attendance", wanted="I was there.")
    )
    service.decide_amendment(session, registrar, row.id, DecisionForm(outcome="refused", decision="Not so."))
    service.ask_hearing(session, me, row.id)
    service.decide_hearing(session, colleague, row.id, HearingForm(outcome="upheld", decision="It stays."))
    service.attach_statement(session, me, row.id, "My badge was broken.")
    session.commit()
    content = _taken_out(app, registrar, store, settings, studied.id)
    tmp_path /= "taken out"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for file in manifest["files"]:
        found = (tmp_path / file["path"]).read_bytes()
        assert (len(found), hashlib.sha256(found).hexdigest()) == (file["bytes"], file["sha256"]), file
    named = {file["path"] for file in manifest["files"]} | {"manifest.json", "manifest.json.sig"}
    assert named == {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    # Every list that a room has registered is there, and what is not has its reason.
    assert {part["name"] for part in manifest["lists"]} == {part.name for part in student_records.parts()}
    assert manifest["left_out"] == dict(student_records.left_out())
    rows = {part["name"]: part["rows"] for part in manifest["lists"]}
    for name in ("attendance/attendance", "enrollment/enrollments", "person/users", "person/student_notes"):
        assert rows[name] == 1, name
    for file in manifest["files"]:
        assert b"otto@example.org" not in (tmp_path / file["path"]).read_bytes(), "nobody else’s"
    (paper,) = (tmp_path / "files").rglob("*.jpg")
    assert paper.read_bytes() == PAPER
    with (tmp_path / "data/person/student_notes.csv").open(encoding="utf-8-sig", newline="") as handle:
        (note,) = csv.DictReader(handle)
    # The registrar takes out what the registrar may read; the student's own copy has every note.
    (notes,) = [part for part in manifest["lists"] if part["name"] == "person/student_notes"]
    assert "student’s own copy" in notes["withheld"]["rows"]
    assert note["body"] == f"'=About {studied.id}", "a cell that no spreadsheet runs"
    assert manifest["statements"] == [{"record": "Attendance", "statement": "My badge was broken."}]
    assert "My badge was broken." in poppler.text_of(tmp_path / "index.pdf")
    assert "Signature is Valid" in poppler.signatures(tmp_path / "index.pdf")
    key = _run(tmp_path, "openssl", "x509", "-in", "certificates.pem", "-noout", "-pubkey")
    (tmp_path / "key.pem").write_text(key)
    verify = ("openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "manifest.json.sig")
    assert "Verified OK" in _run(tmp_path, *verify, "manifest.json")
    changed = (tmp_path / "manifest.json").read_text().replace("Maria", "Mario")
    (tmp_path / "manifest.json").write_text(changed)
    assert "Verified OK" not in _run(tmp_path, *verify, "manifest.json")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "student_file.exported")).one()
    assert (entry.student_id, entry.purpose) == (studied.id, "registration")
    assert entry.details["sha256"] == hashlib.sha256(content).hexdigest()


def _run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.usefixtures("keys")
def test_the_student_receives_the_copy_and_sees_that_it_was_made(
    app: FastAPI,
    session: Session,
    settings: Settings,
    store: FileStore,
    studied: User,
    me: Subject,
    registrar: Subject,
    signed_in: SignedIn,
) -> None:
    row = service.ask_access(session, me, studied.id, "Everything", TODAY)
    session.commit()
    service.answer_with_copy(app.state.database, registrar, store, settings, row.id, "Here it is.")
    client = signed_in(studied)
    page = client.get("/account/privacy").text
    assert f'href="/privacy/access/{row.id}/copy"' in page
    answer = client.get(f"/privacy/access/{row.id}/copy")
    session.refresh(row)
    assert hashlib.sha256(answer.content).hexdigest() == row.archive_sha256
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist()[-1] == "manifest.json.sig"
        assert len(json.loads(archive.read("data/person/student_notes.json"))) == 2
    assert "Your whole file" in client.get("/account/views").text


@pytest.mark.usefixtures("keys")
def test_a_paper_that_is_missing_is_named_and_stops_nothing(
    app: FastAPI, settings: Settings, store: FileStore, studied: User, registrar: Subject
) -> None:
    sha256 = hashlib.sha256(PAPER).hexdigest()
    store.delete(sha256)
    content = _taken_out(app, registrar, store, settings, studied.id)
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("manifest.json"))
    assert [part["missing_papers"] for part in manifest["lists"] if part["missing_papers"]] == [[sha256]]


def test_who_may_take_out_a_file(
    app: FastAPI, settings: Settings, store: FileStore, school: School, studied: User, me: Subject
) -> None:
    for subject, refusal in ((me, Forbidden), (subject_of(school.student()), NotFound)):
        with pytest.raises(refusal):
            service.export_file(app.state.database, subject, store, settings, studied.id)
    assert date(2026, 5, 4) == TODAY
    assert NOW.date() == TODAY
