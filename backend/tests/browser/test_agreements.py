"""An enrollment agreement in a real Chromium: prepared, signed by the student and for the school, downloaded."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import SYSTEM, Duty
from app.db.models import ProgramFee, User
from app.documents import service as documents
from app.school import service as schools
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.documents.poppler import signatures
from tests.factories.school import School

pytestmark = pytest.mark.browser


def test_a_student_signs_on_a_phone_and_the_school_signs_after(
    page: Page, seen: Seen, proved: Callable[[User], None], live_server: LiveServer, tmp_path: Path
) -> None:
    with live_server.database.begin() as session:
        schools.ensure(session, live_server.settings)
        school = School(session)
        program = school.program(name="Dental Assistant", tuition_amount_cents=504_000, duration_weeks=28)
        session.add(
            ProgramFee(
                program_id=program.id, kind="kit", name="Instrument kit", amount_cents=32_500, refundable=False,
                disclosed=True,
            )
        )  # fmt: skip
        maria = school.student(full_name="Maria Lopez")
        enrollment = school.enrollment(maria, program)
        admin = school.admin(full_name="Ada Office")
        rita = school.with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
        number, program_id = enrollment.id, program.id
        session.expunge_all()
    proved(admin)
    page.goto(f"/program-fees/{program_id}")
    page.get_by_label("Type of charge").select_option(label="Application fee")
    page.get_by_label("Name", exact=True).fill("Application fee")
    page.get_by_label("Amount").fill("151.00")
    page.get_by_label("It is refundable").uncheck()
    page.get_by_label("The catalog names it").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("$150.00 at most").first).to_be_visible()
    page.get_by_label("Amount").fill("100.00")
    page.get_by_role("button", name="Add").click()
    seen("program-fees")
    page.goto("/program-fees")
    seen("programs-cost")
    page.goto("/agreements/wording")
    seen("agreement-wording")
    page.goto(f"/enrollments/{number}/agreements")
    seen("agreements-none")
    page.get_by_role("link", name="Prepare an agreement").click()
    page.get_by_label("Schedule").fill("Mornings")
    page.get_by_label("How it is paid").fill("Ten monthly installments.")
    seen("agreement-prepare")
    page.get_by_role("button", name="Send to the student").click()
    expect(page.get_by_text("Waiting for the student’s signature")).to_be_visible()

    proved(maria)
    page.goto("/")
    page.get_by_role("link", name="Read and sign").click()
    expect(page.get_by_text("$5,465.00").first).to_be_visible()
    page.get_by_label("I agree to electronic records").check()
    seen("agreement-consent")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I have read this agreement").check()
    page.get_by_label("Type your full name").fill("Maria Gomez")
    page.get_by_role("button", name="Sign the agreement").click()
    expect(page.get_by_text("Nothing was signed").first).to_be_visible()
    seen("agreement-wrong-name")
    page.get_by_label("Type your full name").fill("maria lopez")
    page.get_by_role("button", name="Sign the agreement").click()
    expect(page.get_by_text("Waiting for the school’s signature")).to_be_visible()
    expect(page.get_by_text("You can cancel this agreement in writing until")).to_be_visible()
    seen("agreement-signed")

    proved(rita)
    page.goto("/agreements?status=awaiting_school")
    seen("agreements")
    page.get_by_role("link", name="EA-").click()
    page.get_by_label("Type your full name").fill("Rita Registrar")
    page.get_by_label("Your title").fill("Registrar")
    seen("agreement-countersign")
    page.get_by_role("button", name="Sign for the school").click()
    expect(page.get_by_text("Everyone has signed")).to_be_visible()
    seen("agreement-in-force")

    proved(maria)
    page.goto("/account/agreements")
    seen("agreements-own")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download PDF").click()
    path = tmp_path / "agreement.pdf"
    got.value.save_as(path)
    said = signatures(path)
    assert said.count("Signature is Valid") == 2
    with live_server.database.begin() as session:
        assert documents.verify(session, SYSTEM, path.read_bytes()).accepted
