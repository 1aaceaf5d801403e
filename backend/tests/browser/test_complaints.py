"""A complaint in a real Chromium, on a phone: sent by a student, decided by the office, read and appealed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import Duty
from app.db.models import User
from app.documents import service as documents
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser


def test_a_complaint_from_the_students_phone_to_the_letter(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: Callable[[User], None]
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_server.settings)
        maria = school.student(full_name="Maria Lopez")
        school.instructor(full_name="Tom Teacher")
        registrar = school.with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
    page.goto("/complaints-procedure")
    expect(page.get_by_text("gnpec.georgia.gov")).to_be_visible()
    seen("complaints-procedure")

    signed_in_as(maria)
    page.goto("/account/complaints")
    seen("complaints-none")
    page.get_by_role("link", name="Make a complaint").first.click()
    page.get_by_role("button", name="Send the complaint").click()
    seen("complaint-errors")
    page.get_by_label("What it is about").select_option("safety")
    page.get_by_label("Member of staff").select_option(label="Tom Teacher")
    page.get_by_label("What happened").fill("The lab was locked three times.")
    page.get_by_label("What you want the school to do").fill("Open it.")
    page.get_by_role("button", name="Send the complaint").click()
    expect(page.get_by_text("The school confirms by")).to_be_visible()
    seen("complaint-own")

    signed_in_as(registrar)
    page.goto("/complaints")
    seen("complaints-list")
    page.get_by_role("link", name="CO-").click()
    page.get_by_label("Message").fill("We have the keys.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("We have the keys.")).to_be_visible()
    seen("complaint-office")
    page.get_by_label("The complaint was justified", exact=True).check()
    page.locator("#decide").get_by_label("What was found").fill("The lab is open.\nKeys are at the desk.")
    page.get_by_role("button", name="Issue the decision").click()
    expect(page.get_by_text("CD-").first).to_be_visible()

    signed_in_as(maria)
    page.goto("/account/complaints")
    page.get_by_role("link", name="CO-").click()
    expect(page.get_by_role("link", name="The decision (signed letter)")).to_be_visible()
    page.get_by_label("Why you appeal").fill("It is locked again.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("Your appeal has arrived.")).to_be_visible()
    seen("complaint-appealed")
