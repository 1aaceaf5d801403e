"""Documents in a real Chromium: from the student's page to a verified file, on a phone and on a desk."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.db.models import User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.documents.poppler import text_of
from tests.factories.school import School

pytestmark = pytest.mark.browser


def test_a_document_from_the_students_page_to_a_verified_file(
    page: Page, seen: Seen, signed_in_as: Callable[[User], None], live_server: LiveServer, tmp_path: Path
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        student = school.student(full_name="Nguyễn Thị Bích Ngọc")
        program = school.program(name="Dental Assistant Professional", clock_hours=900)
        now = clock.now()
        enrollment = school.enrollment(student, program, enrolled_at=(now - timedelta(days=60)).date())
        for back in range(50, 1, -1):
            school.attendance(enrollment, now - timedelta(days=back), minutes=200 + back)
        admin = school.admin(full_name="Ruth Registrar")
    signed_in_as(admin)
    page.goto(f"/people/{student.id}#documents")
    seen("person-without-documents")
    page.get_by_role("link", name="Enrollment letter").click()
    page.get_by_label("Recipient").fill("Peachtree Bank\n1 Peachtree Street")
    seen("letter")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    opened.value.close()
    page.get_by_role("button", name="Issue the letter").click()
    expect(page.get_by_text("This document is valid")).to_be_visible()
    seen("document")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the PDF").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    assert path.name.startswith("EV-")
    assert "Nguyễn Thị Bích Ngọc" in text_of(path)
    page.goto("/documents/verify")
    page.get_by_label("PDF file").set_input_files(path)
    page.get_by_role("button", name="Verify").click()
    expect(
        page.get_by_text("This document was issued by the school and has not been changed")
    ).to_be_visible()
    seen("verified")
    path.write_bytes(path.read_bytes() + b" ")
    page.get_by_label("PDF file").set_input_files(path)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Do not rely on this file")).to_be_visible()
    seen("refused")
    page.goto("/documents")
    seen("register")

    signed_in_as(student)
    page.goto("/documents")
    seen("own-documents")
    page.get_by_role("link", name="Attendance record").click()
    seen("attendance-record")
    page.get_by_role("button", name="Issue the record").click()
    expect(page.get_by_text("This document is valid")).to_be_visible()
    expect(page.get_by_text("Make void")).to_have_count(0)
