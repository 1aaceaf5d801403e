"""A refund in a real Chromium: the bursar opens it, somebody else approves it and confirms that it is them, the bursar
pays it out, and the student reads how it came about."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.db.models import User
from app.finance.refunds.cases import service
from tests.browser.conftest import Seen
from tests.browser.test_factors import grow_old
from tests.conftest import LiveServer
from tests.factories.accounts import HASHED, PASSWORD
from tests.factories.school import School
from tests.finance.refunds.cases import Office, user_of

pytestmark = pytest.mark.browser


def test_a_refund_from_the_list_to_the_student(
    page: Page, seen: Seen, signed_in_as: Callable[[User], None], live_server: LiveServer
) -> None:
    with live_server.database.begin() as session:
        office = Office.of(session, School(session))
        chief, bursar = user_of(session, office.chief), user_of(session, office.bursar)
        chief.hashed_password = bursar.hashed_password = HASHED
        refund = office.owed()
        address = f"/refunds/{refund.id}"
        student = session.get_one(User, service.read(session, office.bursar, refund.id).row.student_id)
        session.flush()

    def confirm() -> None:
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        expect(page).to_have_url(re.compile(f"{address}$"))

    signed_in_as(bursar)
    page.goto("/refunds")
    seen("refunds")
    page.get_by_role("link", name=str(refund.id), exact=True).click()
    expect(page.get_by_role("heading", name="Refund: $4,536.00")).to_be_visible()
    seen("refund-to-approve")

    signed_in_as(chief)
    page.goto(address)
    grow_old(live_server)
    page.get_by_role("button", name="Approve $4,536.00").click()
    confirm()
    expect(page.get_by_text("To be paid out")).to_be_visible()
    seen("refund-approved")

    signed_in_as(bursar)
    page.goto(address)
    page.get_by_label("Method").select_option(label="Check")
    page.get_by_label("Reference").fill("2041")
    grow_old(live_server)
    page.get_by_role("button", name="Record the payment").click()
    confirm()
    expect(page.get_by_text("Paid to Maria Lopez: $4,536.00")).to_be_visible()
    page.get_by_role("link", name="Record that it came back").click()
    seen("refund-came-back")
    page.goto("/refunds?group=timeliness")
    seen("refunds-timeliness")

    signed_in_as(student)
    page.goto("/account/money")
    seen("money-refund")
    page.get_by_role("link", name="How it was computed").click()
    expect(page.get_by_text("48 h of 480 h completed (10%)").first).to_be_visible()
    expect(page.get_by_text("Sent to you: $4,536.00")).to_be_visible()
    seen("refund-own")
