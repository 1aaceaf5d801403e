"""Money that names no program, of a student who has several: no refund is decided before somebody says whose it is."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Invalid
from app.core.files import open_store
from app.db.models import Enrollment, EnrollmentStatus, LedgerTransaction, Refund
from app.finance.ledger import posting
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, CreditForm, PayerForm, PayerPaymentForm
from app.finance.refunds.cases import service
from app.finance.refunds.cases.letters import service as letters
from app.settings import Settings
from tests.factories.school import subject_of
from tests.finance.forms import charge, payment, reversal
from tests.finance.refunds.cases import OWED, Office, SignIn, user_of

TUITION = 504_000


def billing(payer_id: int, cents: int = TUITION, **more: Any) -> BillingForm:
    given = {"request": uuid4(), "amount_cents": cents, "payer_id": payer_id, "memo": "Chapter 33"}
    return BillingForm.model_validate(given | more)


def finished(office: Office) -> Enrollment:
    """A program that the student completed; so far it is their only one."""
    first = office.enrolled()
    first.program.name, first.status = "Phlebotomy", EnrollmentStatus.COMPLETED
    office.session.flush()
    return first


def dental(office: Office, first: Enrollment) -> Enrollment:
    """The program that the same student leaves, with $5,040.00 of tuition."""
    program = office.school.program(tuition_amount_cents=TUITION, clock_hours=480, name="Dental Assistant")
    found = office.school.enrollment(first.user, program)
    owed = charge(TUITION, enrollment_id=found.id)
    ledger.post_for_student(office.session, office.bursar, first.user_id, owed)
    return found


def va(office: Office, *, paid: int) -> int:
    payer = payers.save_payer(office.session, office.bursar, PayerForm(name="VA Atlanta", kind="va"))
    if paid:
        given = {"request": uuid4(), "amount_cents": paid, "method": "transfer", "reference": "ACH 9"}
        payers.payer_pays(office.session, office.bursar, payer.id, PayerPaymentForm.model_validate(given))
    return payer.id


def current(office: Office, refund: Refund) -> service.RefundCase:
    return service.read(office.session, office.bursar, refund.id)


def test_what_a_payer_paid_without_a_program_is_refunded_before_anybody_decides(
    office: Office, signed_in: SignIn, session: Session, settings: Settings
) -> None:
    """$5,040.00 billed to VA and paid, for no program: $4,536.00 and the 40 days of VA, not $0.00 and 45."""
    first = finished(office)
    payer = va(office, paid=TUITION)
    billed = ledger.post_for_student(session, office.bursar, first.user_id, billing(payer))
    enrollment = dental(office, first)
    assert ledger.without_program(session, enrollment.id) == TUITION
    refund = office.leaves(enrollment)
    late = refund.due_on
    assert late is not None
    assert refund.amount_cents == 0
    words = "Open the account, reverse the payment or what the payer was billed, and post it again with its program"
    with pytest.raises(Conflict, match=f"^Nothing was approved. \\$5,040.00 was paid .*{words}"):
        office.approve(refund)
    # The bursar reads what to do, whoever approves that it cannot be done yet, the student that it is not counted.
    pages = [
        signed_in(user_of(session, one)).get(f"/refunds/{refund.id}").text
        for one in (office.bursar, office.chief, subject_of(first.user))
    ]
    assert [words in page for page in pages] == [True, True, False]
    assert "Approve $0.00" not in pages[1]
    assert (
        "$5,040.00 was paid without naming a program, and the student has several, so it is not counted."
        in pages[2]
    )
    # Which is what is done.
    ledger.reverse(session, office.bursar, billed.id, reversal())
    ledger.post_for_student(
        session, office.bursar, first.user_id, billing(payer, enrollment_id=enrollment.id)
    )
    assert ledger.without_program(session, enrollment.id) == 0
    office.recompute(refund)
    found = current(office, refund).current
    assert refund.amount_cents == OWED
    assert [(one["name"], one["amount_cents"]) for one in found.payees] == [("VA Atlanta", OWED)]
    assert refund.due_on == late - timedelta(days=5)
    office.approve(refund, computation=2)
    facts = letters.draft(session, office.bursar, open_store(settings), refund.id).facts
    assert not any("program" in one and "naming" in one for one in facts["paragraphs"])


@pytest.mark.parametrize("paid", [0, 120_000])
def test_only_what_was_paid_of_a_billing_is_money(office: Office, paid: int) -> None:
    first = finished(office)
    payer = va(office, paid=paid)
    ledger.post_for_student(office.session, office.bursar, first.user_id, billing(payer))
    ledger.post_for_student(office.session, office.bursar, first.user_id, payment(700))
    enrollment = dental(office, first)
    assert ledger.without_program(office.session, enrollment.id) == paid + 700
    assert ledger.without_program(office.session, office.enrolled("Ann Alone").id) == 0


def test_money_of_the_other_program_leaves_no_trace_in_the_letter(
    office: Office, session: Session, settings: Settings
) -> None:
    """$1,000.00 turns out to be for the first program: the figures stay, and nothing of it is the student's to do."""
    first = finished(office)
    loose = ledger.post_for_student(session, office.bursar, first.user_id, payment(100_000))
    enrollment = dental(office, first)
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(session, office.bursar, first.user_id, payment(TUITION, **of))
    refund = office.leaves(enrollment)
    assert current(office, refund).left_out
    ledger.reverse(session, office.bursar, loose.id, reversal())
    ledger.post_for_student(session, office.bursar, first.user_id, payment(100_000, enrollment_id=first.id))
    office.approve(refund)
    assert (refund.amount_cents, current(office, refund).left_out) == (OWED, True)
    facts = letters.draft(session, office.bursar, open_store(settings), refund.id).facts
    assert not any("naming a program" in one or "everse" in one for one in facts["paragraphs"])
    # While there is such money again, as older versions took it, no letter says that all of the money is in it.
    posting.post(session, office.bursar, payment(100_000).entry(first.user_id))
    with pytest.raises(
        Conflict, match=r"^No letter was issued. \$1,000.00 was paid without naming a program"
    ):
        letters.draft(session, office.bursar, open_store(settings), refund.id)


def test_whoever_has_several_programs_is_posted_to_for_one_of_them(
    office: Office, signed_in: SignIn, session: Session
) -> None:
    first = finished(office)
    client: TestClient = signed_in(user_of(session, office.bursar))
    address = f"/ledger/students/{first.user_id}/payments/new"
    # The only program is chosen already; two are not chosen from by the page.
    assert f'<option value="{first.id}" selected>' in client.get(address).text
    enrollment = dental(office, first)
    page = client.get(address).text
    choices = ['<option value="">Choose', f'<option value="{first.id}">', f'<option value="{enrollment.id}">']
    assert all(one in page for one in choices)
    assert '<option value="">None' not in page
    payer = va(office, paid=TUITION)
    count = select(func.count()).select_from(LedgerTransaction)
    before = session.scalar(count)
    credit = CreditForm(request=uuid4(), amount_cents=100, kind="scholarship", memo="Merit")
    for form in (charge(100), payment(100), billing(payer), credit):
        with pytest.raises(Invalid, match="several programs") as refused:
            ledger.post_for_student(session, office.bursar, first.user_id, form)
        assert [one.field for one in refused.value.errors] == ["enrollment_id"]
    assert session.scalar(count) == before
    ledger.post_for_student(session, office.bursar, first.user_id, payment(100, enrollment_id=first.id))
