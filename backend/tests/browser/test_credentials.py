"""A credential in a real Chromium: issued by the registrar, verified by a stranger with its QR code, shared by its
holder; and a revocation shows at once."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import Duty
from app.db.models import EnrollmentStatus, User
from tests.browser.conftest import Seen
from tests.compliance.credentials.conftest import awarding, diploma
from tests.conftest import LiveServer
from tests.documents.poppler import text_of
from tests.factories.school import School

pytestmark = pytest.mark.browser


def test_a_credential_from_the_registrar_to_a_stranger_and_its_revocation(
    page: Page,
    seen: Seen,
    signed_in_as: Callable[[User], None],
    proved: Callable[[User], None],
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        awarding(session, live_server.settings)
        program = school.program(name="Dental Assistant Professional")
        student = school.student(full_name="Nguyễn Thị Bích Ngọc")
        enrollment = school.enrollment(
            student, program, status=EnrollmentStatus.COMPLETED, completed_at=date(2026, 5, 15)
        )
        diploma(session, program.id)
        registrar = school.with_duty(Duty.REGISTRAR)
    # The registrar
    proved(registrar)
    page.goto("/credentials")
    seen("credentials-none")
    page.goto("/credentials/types")
    seen("credential-types")
    page.goto(f"/enrollments/{enrollment.id}/credential")
    page.get_by_label("Credential").select_option(label="Dental Assistant Certification (Diploma)")
    seen("credential-issue")
    page.get_by_role("button", name="Issue the credential").click()
    expect(page.get_by_text("Does not expire")).to_be_visible()
    seen("credential")
    credential = page.url
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the diploma").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    text = text_of(path)
    code = re.search(r"([0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3})", text)
    serial = re.search(r"DAC-\d{4}-\d{3}", text)
    assert code is not None
    assert serial is not None
    # A stranger scans the code
    page.context.clear_cookies()
    page.goto(f"/credentials/verify#{code[1].replace('-', '')}")
    expect(page.get_by_text("This credential is valid")).to_be_visible()
    expect(page.get_by_text("Dental Assistant Professional")).to_be_visible()
    expect(page.get_by_text("NN", exact=True)).to_be_visible()
    assert "Ngọc" not in page.content()
    assert "#" not in page.url
    seen("verify-valid")
    page.goto("/credentials/verify")
    page.get_by_label("Number").fill(serial[0].lower())
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("This credential is valid")).to_be_visible()
    expect(page.get_by_text("Dental Assistant Professional")).to_have_count(0)
    # The holder shares it
    signed_in_as(student)
    page.goto("/credentials")
    seen("credentials-own")
    page.get_by_role("link", name="Dental Assistant Certification").click()
    page.get_by_role("button", name="Share this credential").click()
    shared = page.locator("a[href*='/credentials/shared/']").inner_text()
    seen("credential-shared-own")
    page.context.clear_cookies()
    page.goto(shared)
    expect(page.get_by_text("Nguyễn Thị Bích Ngọc")).to_be_visible()
    expect(page.get_by_role("link", name="Add to LinkedIn profile")).to_be_visible()
    seen("credential-shared")
    # Revoked, and everybody sees it at once
    proved(registrar)
    page.goto(credential)
    page.get_by_label("Reason").fill("Issued by mistake")
    page.get_by_role("button", name="Revoke the credential").click()
    expect(page.get_by_text("This credential was revoked")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"/credentials/verify#{code[1]}")
    expect(page.get_by_text("This credential was revoked")).to_be_visible()
    assert "Issued by mistake" not in page.content()
    seen("verify-revoked")
    page.goto(shared)
    expect(page.get_by_text("Do not rely on it")).to_be_visible()
