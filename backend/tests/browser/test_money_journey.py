"""From the signature to the explained refund in a real Chromium: each by the person who does it at a school."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import Duty
from app.db.models import ProgramFee, User
from app.finance.ledger import service as ledger
from app.school import service as schools
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.documents.poppler import signatures, text_of
from tests.factories.school import School
from tests.finance.forms import charge
from tests.finance.refunds.cases import person

pytestmark = pytest.mark.browser


def test_a_student_signs_pays_withdraws_and_reads_why_it_comes_back(
    page: Page, seen: Seen, proved: Callable[[User], None], live_server: LiveServer, tmp_path: Path
) -> None:
    with live_server.database.begin() as session:
        schools.ensure(session, live_server.settings)
        school = School(session)
        program = school.program(name="Dental Assistant", tuition_amount_cents=504_000, clock_hours=480)
        session.add(
            ProgramFee(
                program_id=program.id, kind="application", name="Application fee", amount_cents=15_000,
                refundable=False, disclosed=True,
            )
        )  # fmt: skip
        maria = school.student(full_name="Maria Lopez")
        enrollment = school.enrollment(maria, program)
        rita = school.with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
        ada, otis = (school.admin(full_name=name) for name in ("Ada Administrator", "Otis Owner"))
        bursar = person(school, Duty.BURSAR, "Bea Bursar")
        bea = session.get_one(User, bursar.user_id)
        of = {"enrollment_id": enrollment.id}
        ledger.post_for_student(session, bursar, maria.id, charge(15_000, "fees", **of))
        ledger.post_for_student(session, bursar, maria.id, charge(504_000, **of))
        number, student = enrollment.id, maria.id
        session.flush()
        session.expunge_all()

    proved(bea)
    page.goto(f"/enrollments/{number}/agreements")
    page.get_by_role("link", name="Prepare an agreement").click()
    page.get_by_label("Schedule").fill("Mornings")
    page.get_by_label("How it is paid").fill("At once.")
    page.get_by_role("button", name="Send to the student").click()
    expect(page.get_by_text("Waiting for the student’s signature")).to_be_visible()

    proved(maria)
    page.goto("/")
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_label("I agree to electronic records").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I have read this agreement").check()
    page.get_by_label("Type your full name").fill("Maria Lopez")
    page.get_by_role("button", name="Sign the agreement").click()
    expect(page.get_by_text("Waiting for the school’s signature")).to_be_visible()

    proved(ada)
    page.goto(f"/enrollments/{number}/agreements")
    page.get_by_role("link", name="Open").click()
    page.get_by_label("Type your full name").fill("Ada Administrator")
    page.get_by_label("Your title").fill("Director")
    page.get_by_role("button", name="Sign for the school").click()
    expect(page.get_by_text("The student can cancel this agreement in writing until")).to_be_visible()

    proved(bea)
    page.goto(f"/ledger/students/{student}/payments/new")
    page.get_by_label("Amount").fill("5,190.00")
    page.get_by_label("Method").select_option(label="Check")
    page.get_by_label("Reference").fill("2041")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Record the payment").click()
    expect(page.get_by_text("$5,190.00").first).to_be_visible()

    proved(maria)
    page.goto("/account/refund")
    page.get_by_role("link", name="Request to withdraw").click()
    expect(page.get_by_text("If you leave today")).to_be_visible()
    page.get_by_label("Reason").fill("Moving away")
    page.get_by_role("checkbox", name="I have read the estimated refund").check()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("You are still enrolled")).to_be_visible()

    proved(rita)
    page.goto(f"/enrollments/{number}/withdrawal")
    page.get_by_label("Note").fill("Spoke with the student; the refund was explained.")
    page.get_by_role("button", name="Process the withdrawal").click()
    expect(page.get_by_text("These figures were kept")).to_be_visible()

    # Whoever processed it does not approve it, nor pays it out before it is approved.
    page.goto("/refunds")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_text("someone else must approve it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    address = page.url
    proved(bea)
    page.goto(address)
    expect(page.get_by_role("button", name="Record the payment")).to_have_count(0)

    # It is above the limit of the billing policy: two people look at it.
    proved(ada)
    page.goto(address)
    seen("journey-refund-to-approve")
    page.get_by_role("button", name="Approve $5,040.00").click()
    expect(page.get_by_text("You gave the first of two approvals")).to_be_visible()
    proved(otis)
    page.goto(address)
    page.get_by_role("button", name="Approve $5,040.00").click()
    expect(page.get_by_text("To be paid out")).to_be_visible()

    proved(bea)
    page.goto(address)
    page.get_by_label("Method").select_option(label="Check")
    page.get_by_label("Reference").fill("3307")
    page.get_by_role("button", name="Record the payment").click()
    expect(page.get_by_text("Paid to Maria Lopez: $5,040.00")).to_be_visible()
    page.get_by_role("button", name="Issue the letter").click()
    expect(page.get_by_text("This document is valid")).to_be_visible()
    page.goto(address)
    seen("journey-refund-paid")

    proved(maria)
    page.goto("/account/money")
    page.get_by_role("link", name="How it was computed").click()
    expect(page.get_by_text("Sent to you: $5,040.00")).to_be_visible()
    expect(page.get_by_text("within 72 hours, so everything comes back").first).to_be_visible()
    expect(page.get_by_text("Application fee kept: disclosed as nonrefundable").first).to_be_visible()
    expect(page.get_by_text("of the agreement signed on").first).to_be_visible()
    seen("journey-refund-own")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="download it").click()
    downloading.value.save_as(tmp_path / "letter.pdf")
    letter = " ".join(text_of(tmp_path / "letter.pdf").split())
    assert "within 72 hours, so everything comes back" in letter
    assert "$5,040.00 was paid to you on" in letter
    assert "Signature is Valid" in signatures(tmp_path / "letter.pdf")
