"""The ledger in a real Chromium: the bursar charges, takes in a payment, issues its receipt; the student sees it."""

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


def test_a_bursar_takes_in_a_payment_and_the_student_has_the_receipt(
    page: Page, seen: Seen, signed_in_as: Callable[[User], None], live_server: LiveServer
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_server.settings)
        bursar = school.with_duty(Duty.BURSAR, full_name="Bea Bursar")
        student = school.student(full_name="Maria Lopez")
        school.enrollment(student, school.program(name="Dental Assistant"))
        session.flush()
    account = f"/ledger/students/{student.id}"
    signed_in_as(bursar)
    page.goto("/ledger")
    seen("ledger-empty")
    page.goto(account)
    seen("account-empty")
    page.get_by_role("link", name="Charge", exact=True).click()
    seen("charge")
    page.get_by_label("Type of charge").select_option(label="Tuition")
    page.get_by_label("Amount").fill("12.345")
    page.get_by_label("Description").fill("Tuition, fall")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Enter at most two decimal places").first).to_be_visible()
    seen("charge-refused")
    page.get_by_label("Amount").fill("1,500.00")
    page.get_by_role("button", name="Continue").click()
    seen("charge-confirm")
    page.get_by_role("button", name="Post the charge").click()
    expect(page.get_by_role("heading", name="Charge: $1,500.00")).to_be_visible()

    page.goto(f"{account}/payments/new")
    page.get_by_label("Amount").fill("$250")
    page.get_by_label("Method").select_option(label="Check")
    page.get_by_label("Reference").fill("1041")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Record the payment").click()
    seen("payment")
    paid = page.url
    page.get_by_role("button", name="Issue the receipt").click()
    expect(page.get_by_text("RC-").first).to_be_visible()
    page.goto(paid)
    with page.expect_download():
        page.get_by_role("link", name="Download the receipt").click()
    page.goto(account)
    seen("account")
    for name in (
        "journal",
        "payers",
        "payers/new",
        "closings",
        "reports",
        "reports/ageing",
        "reports/receipts?group=method",
        "reports/tuition-and-fees",
        "reports/journal-lines",
    ):
        page.goto(f"/ledger/{name}")
        seen(name.replace("/", "-").partition("?")[0])
    page.goto(f"{paid}/reverse")
    seen("reverse")

    signed_in_as(student)
    page.goto("/account/money")
    expect(page.get_by_text("$1,250.00").first).to_be_visible()
    seen("money")
    page.get_by_role("link", name="Payment, transaction").click()
    expect(page.get_by_role("link", name="Download the receipt")).to_be_visible()
    seen("own-payment")
