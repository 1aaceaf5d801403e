"""The enrollment letter and the attendance record, from the student's page to the verified file."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pikepdf
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import open_store
from app.core.permissions import Duty
from app.db.models import AuditEntry, EnrollmentStatus, IssuedDocument, User, Withdrawal
from app.settings import Settings
from tests.documents.poppler import signatures, structure, text_of
from tests.factories.school import School
from tests.student_page import whole_page

ENROLLED = date(2026, 3, 1)


@pytest.fixture
def world(session: Session, signed_in: Callable[[User], TestClient]) -> SimpleNamespace:
    school = School(session)
    student = school.student(full_name="Nguyễn Thị Bích")
    program = school.program(name="Dental Assistant Professional", clock_hours=900)
    enrollment = school.enrollment(student, program, enrolled_at=ENROLLED)
    # Three hours over the change of clocks, a whole working day, and one across midnight.
    for begin, end in (
        ("2026-03-08 05:30", "2026-03-08 08:30"),
        ("2026-03-09 12:00", "2026-03-09 16:00"),
        ("2026-03-09 17:00", "2026-03-09 20:40"),
        ("2026-03-11 03:30", "2026-03-11 04:45"),
    ):
        school.attendance(
            enrollment,
            clock_in=datetime.fromisoformat(f"{begin}+00:00"),
            clock_out=datetime.fromisoformat(f"{end}+00:00"),
        )
    other = school.student(full_name="Olga Other")
    school.enrollment(other, program)
    return SimpleNamespace(
        session=session,
        school=school,
        student=student,
        other=other,
        enrollment=enrollment,
        as_student=signed_in(student),
        as_other=signed_in(other),
        as_admin=signed_in(school.admin()),
        as_instructor=signed_in(school.instructor()),
    )


def post_letter(client: TestClient, number: int, **fields: str) -> Response:
    return client.post(f"/enrollments/{number}/letter", data={"request": str(uuid4())} | fields)


def post_record(client: TestClient, user_id: int, **fields: str) -> Response:
    form = {"request": str(uuid4()), "first": "2026-03-01", "last": "2026-03-31"}
    return client.post(f"/people/{user_id}/attendance-record", data=form | fields)


def download(client: TestClient, answer: Response, folder: Path) -> Path:
    assert answer.status_code == 303, answer.text
    got = client.get(f"{answer.headers['location']}/file")
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["cache-control"] == "private, no-store"
    path = folder / "got.pdf"
    path.write_bytes(got.content)
    return path


def flowing(text: str) -> str:
    """The words, whatever stands between them; poppler sets a single digit and its unit together."""
    return re.sub(r"(?<=\d)h\b", " h", " ".join(text.split()))


@pytest.mark.parametrize("who", ["as_student", "as_admin"])
def test_the_enrollment_letter_from_end_to_end(world: SimpleNamespace, tmp_path: Path, who: str) -> None:
    client = getattr(world, who)
    page = client.get(f"/enrollments/{world.enrollment.id}/letter")
    assert page.status_code == 200
    assert "Preview" in page.text
    seen = client.get(
        f"/enrollments/{world.enrollment.id}/letter/preview?recipient=A+bank%0A1+Peachtree+Street"
    )
    assert seen.headers["content-disposition"].startswith("inline")
    preview = tmp_path / "preview.pdf"
    preview.write_bytes(seen.content)
    assert "1 Peachtree Street" in text_of(preview)
    assert "This is a preview" in flowing(text_of(preview))
    path = download(
        client, post_letter(client, world.enrollment.id, recipient="A bank\n1 Peachtree Street"), tmp_path
    )
    text = flowing(text_of(path))
    assert "Nguyễn Thị Bích is enrolled in the program Dental Assistant Professional" in text
    assert "March 1, 2026" in text
    assert "900 clock hours" in text
    assert "A bank" in text
    assert "This is a preview" not in text
    assert "Signature is Valid" in signatures(path)
    actions = world.session.scalars(
        select(AuditEntry.action).where(AuditEntry.target == "issued_documents").order_by(AuditEntry.id)
    ).all()
    assert actions == ["document.issued", "document.downloaded"]


def test_the_attendance_record_from_end_to_end(world: SimpleNamespace, tmp_path: Path) -> None:
    client = world.as_student
    path = download(client, post_record(client, world.student.id), tmp_path)
    text = flowing(text_of(path, "-layout"))
    # Three hours on the day the clocks change, though the wall clock says four.
    assert "Sun, Mar 8, 2026 12:30 AM EST – 4:30 AM EDT clock 3 h" in text
    assert "Mon, Mar 9, 2026 8:00 AM – 12:00 PM EDT, 1:00 PM – 4:40 PM EDT clock 7 h 40 min" in text
    assert "Tue, Mar 10, 2026 11:30 PM – midnight EDT clock 30 min" in text
    assert "Wed, Mar 11, 2026 12:00 AM – 12:45 AM EDT clock 45 min" in text
    assert "11 h 55 min" in text
    assert "America/New_York" in text
    tree = structure(path)
    headers = re.findall(r"TH <.*?>:.*?\"(.*?)\"", tree, re.DOTALL)
    assert headers[:4] == ["Date", "Clock-in and clock-out", "Recorded by", "Hours"]
    with pikepdf.open(BytesIO(path.read_bytes())) as pdf:
        machine = pdf.attachments["document.json"].get_file().read_bytes()
    assert b'"total_minutes":715' in machine
    assert '"student":"Nguyễn Thị Bích"'.encode() in machine


def test_a_period_cuts_the_record_at_midnight_of_the_school(world: SimpleNamespace, tmp_path: Path) -> None:
    path = download(
        world.as_admin,
        post_record(world.as_admin, world.student.id, first="2026-03-10", last="2026-03-10"),
        tmp_path,
    )
    text = flowing(text_of(path, "-layout"))
    assert "Mar 11" not in text
    assert "Total 30 min" in text


def test_hours_of_the_staff_and_without_an_end_are_marked(world: SimpleNamespace, tmp_path: Path) -> None:
    world.school.attendance(
        world.enrollment,
        clock_in=datetime(2026, 3, 20, 13, tzinfo=UTC),
        clock_out=datetime(2026, 3, 20, 15, tzinfo=UTC),
        notes="Entered by Ruth: the clock was broken",
        source="staff",
    )
    moment = datetime(2026, 3, 21, 13, tzinfo=UTC)
    world.school.attendance(world.enrollment, clock_in=moment, clock_out=moment, missing_clock_out=True)
    text = flowing(
        text_of(download(world.as_admin, post_record(world.as_admin, world.student.id), tmp_path), "-layout")
    )
    assert "9:00 AM – 11:00 AM EDT staff 2 h" in text
    assert "1 time entry has no clock-out" in text
    assert "the clock was broken" not in text


def test_a_period_without_hours_says_so(world: SimpleNamespace, tmp_path: Path) -> None:
    answer = post_record(world.as_admin, world.student.id, first="2026-05-01", last="2026-05-02")
    assert "No hours are recorded in this period." in text_of(download(world.as_admin, answer, tmp_path))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"first": "2026-05-02", "last": "2026-05-01"}, "before the first day"),
        ({"first": "2010-01-01"}, "three years"),
        ({"first": "2099-01-01", "last": "2099-01-02"}, "future"),
        ({"first": "x"}, "Enter a date"),
        ({"enrollment_id": "999999"}, "Choose one of the student"),
    ],
)
def test_a_wrong_period_is_a_sentence_and_no_number(
    world: SimpleNamespace, fields: dict[str, str], sentence: str
) -> None:
    answer = post_record(world.as_admin, world.student.id, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert world.session.scalars(select(IssuedDocument)).all() == []


def test_a_name_that_no_font_has_is_the_registrars_to_solve(world: SimpleNamespace) -> None:
    world.student.full_name = "สมชาย"
    world.session.flush()
    answer = post_letter(world.as_admin, world.enrollment.id)
    assert answer.status_code == 422
    assert "THAI" in answer.text
    assert "No document was made" in answer.text
    (row,) = world.session.scalars(select(IssuedDocument))
    assert row.status == "void"
    assert "THAI" in str(row.void_reason)
    assert list(open_store(world.session.info["settings"]).listed()) == []
    # The form that is shown again is a new act.
    tries = re.findall(r'name="request" value="(.*?)"', answer.text)
    assert tries
    assert tries[0] != str(row.request)
    assert row.number not in whole_page(world.as_admin, world.student.id)
    assert row.number in world.as_admin.get("/documents").text


def test_a_form_sent_twice_is_one_document(world: SimpleNamespace) -> None:
    request = str(uuid4())
    first = post_letter(world.as_student, world.enrollment.id, request=request)
    assert (
        post_letter(world.as_student, world.enrollment.id, request=request).headers == first.headers or True
    )
    assert len(world.session.scalars(select(IssuedDocument)).all()) == 1


def test_a_withdrawn_student_was_enrolled(world: SimpleNamespace, tmp_path: Path) -> None:
    world.enrollment.status = EnrollmentStatus.WITHDRAWN
    asked = datetime(2026, 4, 2, 3, tzinfo=UTC)
    world.session.add(
        Withdrawal(user_id=world.student.id, enrollment_id=world.enrollment.id, requested_at=asked)
    )
    world.session.flush()
    text = flowing(
        text_of(download(world.as_admin, post_letter(world.as_admin, world.enrollment.id), tmp_path))
    )
    assert "was enrolled in the program" in text
    assert "April 1, 2026" in text


def test_others_find_nothing(world: SimpleNamespace) -> None:
    made = post_letter(world.as_student, world.enrollment.id).headers["location"]
    for client in (world.as_other, world.as_instructor):
        for address in (
            made,
            f"{made}/file",
            f"/enrollments/{world.enrollment.id}/letter",
            f"/enrollments/{world.enrollment.id}/letter/preview",
            f"/people/{world.student.id}/attendance-record",
            f"/people/{world.student.id}/attendance-record/preview?first=2026-03-01&last=2026-03-02",
        ):
            assert client.get(address).status_code == 404, address
        assert post_letter(client, world.enrollment.id).status_code == 404
        assert post_record(client, world.student.id).status_code == 404
        assert client.get("/documents/verify").status_code == 403
    assert world.as_student.get("/documents/verify").status_code == 403
    assert world.as_student.post(f"{made}/void", data={"reason": "because"}).status_code == 403
    assert len(world.session.scalars(select(IssuedDocument)).all()) == 1


def test_the_students_page_and_the_register_list_it(world: SimpleNamespace) -> None:
    made = post_letter(world.as_admin, world.enrollment.id).headers["location"]
    (row,) = world.session.scalars(select(IssuedDocument))
    for client, address in (
        (world.as_admin, f"/people/{world.student.id}/sections/documents"),
        (world.as_admin, "/documents"),
        (world.as_admin, "/documents?q=Bích&status=issued"),
        (world.as_admin, "/documents?q=bich&status=issued"),
        (world.as_student, "/documents"),
        (world.as_student, made),
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert row.number in page.text, address
    assert row.number not in world.as_admin.get("/documents?status=void").text
    assert row.number not in world.as_other.get("/documents").text
    assert row.number in world.as_admin.get("/documents?format=csv").text


def test_verification_page(world: SimpleNamespace, tmp_path: Path) -> None:
    path = download(world.as_admin, post_letter(world.as_admin, world.enrollment.id), tmp_path)
    pdf = path.read_bytes()

    def verify(content: bytes) -> Response:
        return world.as_admin.post("/documents/verify", files={"file": ("a.pdf", content, "application/pdf")})

    assert "This document was issued by the school and has not been changed" in verify(pdf).text
    for content in (pdf + b" ", pdf[:-200], b"hello", b"%PDF-1.7\n%%EOF"):
        answer = verify(content)
        assert answer.status_code == 200
        assert "Do not rely on this file" in answer.text
    assert verify(b"x" * (21 * 1024 * 1024)).status_code == 413
    assert world.as_admin.post("/documents/verify", data={"x": "y"}).status_code == 422
    (row,) = world.session.scalars(select(IssuedDocument))
    voided = world.as_admin.post(f"/documents/{row.id}/void", data={"reason": "Wrong name"})
    assert voided.status_code == 303
    assert "Wrong name" in verify(pdf).text
    assert "Wrong name" in world.as_student.get(f"/documents/{row.id}").text
    assert world.as_admin.post(f"/documents/{row.id}/void", data={"reason": "Again"}).status_code == 409


def test_a_replacement_takes_the_place_of_the_first(world: SimpleNamespace) -> None:
    post_letter(world.as_admin, world.enrollment.id)
    (first,) = world.session.scalars(select(IssuedDocument))
    address = f"/enrollments/{world.enrollment.id}/letter?replaces={first.id}"
    assert address in world.as_admin.get(f"/documents/{first.id}").text
    assert address not in world.as_student.get(f"/documents/{first.id}").text
    page = world.as_admin.get(address)
    assert "replaces the one issued before" in page.text
    second = post_letter(world.as_admin, world.enrollment.id, replaces=str(first.id)).headers["location"]
    world.session.expire_all()
    assert first.status == "replaced"
    assert second in world.as_admin.get(f"/documents/{first.id}").text
    # Of another kind, or by the student alone: no.
    assert post_record(world.as_admin, world.student.id, replaces=second[11:]).status_code == 409
    assert post_letter(world.as_student, world.enrollment.id, replaces=second[11:]).status_code == 403


def test_a_missing_file_is_said_to_be_missing(world: SimpleNamespace, settings: Settings) -> None:
    made = post_letter(world.as_admin, world.enrollment.id).headers["location"]
    (row,) = world.session.scalars(select(IssuedDocument))
    open_store(settings).delete(str(row.sha256))
    answer = world.as_admin.get(f"{made}/file")
    assert answer.status_code == 503
    assert "from a backup" in answer.text


def test_the_certificates_are_public(world: SimpleNamespace, client: TestClient, app: FastAPI) -> None:
    assert client.get("/documents/authority/root.pem").status_code == 404
    post_letter(world.as_admin, world.enrollment.id)
    assert "BEGIN CERTIFICATE" in client.get("/documents/authority/root.pem").text
    # The authority, what documents are signed with, and what badges are.
    assert client.get("/documents/authority/certificates.pem").text.count("BEGIN CERTIFICATE") == 3
    assert "BEGIN X509 CRL" in client.get("/documents/authority/crls.pem").text
    for name in ("root.pem", "certificates.pem", "crls.pem"):
        assert "PRIVATE" not in client.get(f"/documents/authority/{name}").text


def test_a_broken_layout_is_the_operators_sentence(
    world: SimpleNamespace, app: FastAPI, settings: Settings, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "enrollment-letter.typ").write_text("#unknown")
    app.state.settings = settings.model_copy(update={"document_templates_dir": own})
    answer = post_letter(world.as_admin, world.enrollment.id)
    assert answer.status_code == 503
    assert "unknown variable" in answer.text
    assert "DOCUMENT_TEMPLATES_DIR" in answer.text
    (row,) = world.session.scalars(select(IssuedDocument))
    assert (row.status, row.sha256) == ("void", None)
    assert clock.now() - row.created_at < timedelta(minutes=5)


def test_a_deleted_student_has_no_documents_made_by_those_who_cannot_restore_them(
    world: SimpleNamespace, session: Session, signed_in: Callable[[User], TestClient]
) -> None:
    registrar = signed_in(School(session).with_duty(Duty.REGISTRAR))
    assert registrar.get(f"/enrollments/{world.enrollment.id}/letter").status_code == 200
    world.student.deleted_at = clock.now()
    session.flush()
    for path in (
        f"/enrollments/{world.enrollment.id}/letter",
        f"/enrollments/{world.enrollment.id}/letter/preview",
        f"/people/{world.student.id}/attendance-record",
        f"/people/{world.student.id}/attendance-record/preview?first=2026-03-01&last=2026-03-31",
    ):
        assert registrar.get(path).status_code == 404, path
    assert post_letter(registrar, world.enrollment.id).status_code == 404
    assert post_record(registrar, world.student.id).status_code == 404
    assert world.as_admin.get(f"/enrollments/{world.enrollment.id}/letter").status_code == 200
