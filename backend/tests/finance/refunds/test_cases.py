"""A refund from the withdrawal to the money: computed, approved, paid out, explained; and what is refused."""

import json
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.commands import refund as command
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import (
    AuditEntry,
    IssuedDocument,
    LedgerPosting,
    LedgerTransaction,
    Refund,
    RefundComputation,
    RefundRemittance,
    User,
)
from app.db.session import Database
from app.documents import service as documents
from app.enrollment import service as enrollments
from app.finance.ledger import service as ledger
from app.finance.ledger.balances import service as balances
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, CreditForm, PayerForm, PayerPaymentForm
from app.finance.refunds import door
from app.finance.refunds import service as refunds
from app.finance.refunds.cases import notices, service
from app.finance.refunds.cases.letters import service as letters
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import ApprovalForm, RemittanceIn
from app.finance.refunds.cases.terms import NO_AGREEMENT
from app.school import service as schools
from app.school.service import PolicyKind
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW
from tests.finance.forms import charge, payment, reversal
from tests.finance.refunds.cases import LEFT, Office, person, remittance, user_of

OWED = 453_600
"""$5,040.00 paid, 48 of 480 hours attended."""
SignIn = Callable[[User], TestClient]


def balance(office: Office, refund: Refund) -> int:
    student = service.read(office.session, office.bursar, refund.id).row.student_id
    return balances.balances_of(office.session, [student])[student]


def acts(office: Office, refund: Refund) -> list[str]:
    return list(
        office.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.target == "refunds", AuditEntry.target_id == str(refund.id))
            .order_by(AuditEntry.id)
        )
    )


def test_a_refund_is_computed_approved_and_paid_once(office: Office) -> None:
    refund = office.owed()
    found = service.read(office.session, office.bursar, refund.id)
    assert (refund.amount_cents, refund.due_on, found.row.days_left) == (OWED, date(2026, 6, 4), 31)
    assert refund.policy_basis is not None
    assert "48 h of 480 h completed (10%)" in refund.policy_basis
    assert sum(line.amount_cents for line in found.lines) == OWED
    assert balance(office, refund) == 0
    office.approve(refund)
    assert balance(office, refund) == -OWED
    made = office.remit(refund, OWED)
    assert balance(office, refund) == 0
    assert refund.remitted_at == NOW
    row = service.read(office.session, office.bursar, refund.id).row
    assert (row.days, row.on_time, row.state, row.days_left) == (14, True, "remitted", None)
    assert acts(office, refund) == ["refund.computed", "refund.approved", "refund.remitted"]
    # A check that comes back is to be paid again, and every step stays on record.
    office.comes_back(refund, made)
    assert (refund.remitted_at, balance(office, refund)) == (None, -OWED)
    office.remit(refund, OWED, method="transfer", reference="ACH 7")
    assert (refund.remitted_at, balance(office, refund)) == (NOW, 0)
    assert balances.compare(office.session).differences == 0
    with pytest.raises(Conflict, match="came back"):
        office.comes_back(refund, made)


def test_a_form_that_is_sent_again_after_its_money_came_back_pays_nothing(office: Office) -> None:
    refund = office.owed()
    office.approve(refund)
    form = remittance(OWED)
    made = remittances.remit(office.session, office.bursar, refund.id, form)
    office.comes_back(refund, made.id)
    with pytest.raises(Conflict, match=r"has come back since\. Nothing was paid now"):
        remittances.remit(office.session, office.bursar, refund.id, form)
    assert (refund.remitted_at, balance(office, refund)) == (None, -OWED)


def test_what_explains_the_figures_stays_when_they_are_computed_again(office: Office) -> None:
    """A program without clock hours: a quarter of its progress, before and after a late payment."""
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, charge(504_000, **of))
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(200_000, **of))
    refund = office.leaves(enrollment, percent=25)
    first = service.read(office.session, office.bursar, refund.id).current
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(304_000, **of))
    office.recompute(refund)
    again = service.read(office.session, office.bursar, refund.id).current
    assert again.assumptions == first.assumptions
    assert any("the 25% of its progress" in one for one in again.assumptions)
    assert again.case_file["attended_minutes"] == first.case_file["attended_minutes"]
    assert refund.policy_basis is not None
    assert "the 25% of its progress" in refund.policy_basis


def test_who_may_what_and_when(office: Office) -> None:
    refund = office.owed()
    for subject in (office.bursar, person(office.school, Duty.AUDITOR, "Ulla Auditor")):
        with pytest.raises(Forbidden, match="registrar or an administrator"):
            office.approve(refund, subject)
    with pytest.raises(Forbidden, match="or computed its refund"):
        office.approve(refund, office.registrar)
    with pytest.raises(Conflict, match="not approved"):
        office.remit(refund, OWED)
    with pytest.raises(Forbidden, match="Only the bursar"):
        office.remit(refund, OWED, office.registrar)
    with pytest.raises(Conflict, match="Look at the new figures"):
        office.approve(refund, computation=2)
    office.approve(refund)
    with pytest.raises(Conflict, match="approved already"):
        office.approve(refund)
    with pytest.raises(Conflict, match="is approved, so it is not computed again"):
        office.recompute(refund)
    for cents in (OWED - 1, OWED + 1):
        with pytest.raises(Invalid, match=r"\$4,536\.00"):
            office.remit(refund, cents)
    with pytest.raises(Invalid, match="Nothing of this refund"):
        office.remit(refund, OWED, payer_id=77)
    form = remittance(OWED)
    first = remittances.remit(office.session, office.bursar, refund.id, form)
    assert remittances.remit(office.session, office.bursar, refund.id, form).id == first.id
    with pytest.raises(Conflict, match="with other figures"):
        remittances.remit(
            office.session, office.bursar, refund.id, form.model_copy(update={"reference": "other"})
        )
    with pytest.raises(Conflict, match="has been paid already"):
        office.remit(refund, OWED)
    with pytest.raises(Conflict, match="is paid out"):
        office.reject(refund)
    student = service.read(office.session, office.bursar, refund.id).row.student_id
    assert service.own_refunds(office.session, subject_of(office.session.get_one(User, student)))
    other = subject_of(office.school.student())
    with pytest.raises(NotFound):
        service.read(office.session, other, refund.id)
    with pytest.raises(Forbidden):
        service.refunds(office.session, other, Paging())
    with pytest.raises(NotFound):
        office.approve(999_999)


@pytest.mark.parametrize(
    "cents", [0, -1, 1.5, "1.5", 2_000_000_001, 10**30, True, None], ids=lambda value: str(value)[:12]
)
def test_absurd_cents_are_refused(cents: Any) -> None:
    with pytest.raises(ValidationError):
        RemittanceIn(request=uuid4(), amount_cents=cents, method="check")


def test_the_database_has_the_last_word(office: Office) -> None:
    """Whatever writes to it: nothing before the approval, nothing beyond the amount, nothing twice, nothing changed."""
    refund = office.owed()
    posted = office.session.scalars(select(LedgerTransaction.id).limit(1)).one()

    def refused(statement: str, match: str, **values: object) -> None:
        with pytest.raises(DBAPIError, match=match), office.session.begin_nested():
            office.session.execute(text(statement), {"id": refund.id, **values})

    pay = (
        "INSERT INTO refund_remittances (refund_id, payee, amount_cents, method, remitted_at, transaction_id, request)"
        " VALUES (:id, 'Maria', :cents, 'check', now(), :posted, gen_random_uuid())"
    )
    refused(pay, "not approved", cents=OWED, posted=posted)
    refused("UPDATE refunds SET remitted_at = now() WHERE id = :id", "check_refunds_order")
    refused(
        "UPDATE refunds SET approved_at = now(), approved_by = :by WHERE id = :id",
        "check_refunds_persons",
        by=office.registrar.user_id,
    )
    refused("UPDATE refund_computations SET amount_cents = 1 WHERE refund_id = :id", "permission denied")
    refused("DELETE FROM refund_computations WHERE refund_id = :id", "permission denied")
    refused(
        "INSERT INTO refunds (withdrawal_id, amount_cents, due_on) SELECT withdrawal_id, 1, due_on FROM refunds"
        " WHERE id = :id",
        "uq_refunds_withdrawal_id",
    )
    office.approve(refund)
    refused(pay, "were paid", cents=OWED + 1, posted=posted)
    office.remit(refund, OWED)
    refused(pay, "were paid", cents=1, posted=posted)


def test_above_the_limit_two_people_approve(office: Office) -> None:
    schools.policies.add(
        office.session, SYSTEM, PolicyKind.BILLING, effective_from=NOW.date(),
        values={"second_approval_above_dollars": 4_535}, approved_by="Board", today=NOW.date(),
    )  # fmt: skip
    refund = office.owed()
    office.approve(refund)
    assert (refund.approved_at, balance(office, refund)) == (None, 0)
    with pytest.raises(Conflict, match="a second person"):
        office.approve(refund)
    with pytest.raises(Conflict, match="not approved"):
        office.remit(refund, OWED)
    second = person(office.school, Duty.REGISTRAR, "Rosa Registrar")
    office.approve(refund, second)
    assert (refund.approved_by, balance(office, refund)) == (second.user_id, -OWED)
    assert acts(office, refund) == ["refund.computed", "refund.endorsed", "refund.approved"]


def test_what_has_changed_since_is_computed_again_first(office: Office) -> None:
    refund = office.owed(252_000)
    row = service.read(office.session, office.bursar, refund.id).row
    of = {"enrollment_id": row.enrollment_id}
    before = refund.amount_cents
    ledger.post_for_student(office.session, office.bursar, row.student_id, payment(252_000, **of))
    with pytest.raises(Conflict, match="has changed since") as refused:
        office.approve(refund)
    assert "$4,536.00" in refused.value.detail
    assert balance(office, refund) == 0
    office.recompute(refund)
    with pytest.raises(Conflict, match="Nothing has changed"):
        office.recompute(refund)
    found = service.read(office.session, office.bursar, refund.id)
    assert (refund.amount_cents, [one.amount_cents for one in found.computations]) == (OWED, [OWED, before])
    # Whoever computed any of it approves none of it.
    with pytest.raises(Forbidden):
        office.approve(refund, office.registrar, 2)
    office.approve(refund, computation=2)
    # Sent back after the approval: the credit is reversed, and only a new computation is approved.
    office.reject(refund)
    assert (refund.approved_at, balance(office, refund)) == (None, 0)
    with pytest.raises(Conflict, match="was sent back"):
        office.approve(refund, computation=2)
    office.recompute(refund)
    office.approve(refund, computation=3)
    assert balance(office, refund) == -OWED


def test_nothing_owed_is_confirmed_and_not_paid(office: Office) -> None:
    refund = office.owed(hours=240)
    assert refund.amount_cents == 0
    office.approve(refund)
    found = service.read(office.session, office.bursar, refund.id)
    assert (found.row.state, found.row.days_left, found.open_payees) == ("nothing_owed", None, [])
    with pytest.raises(Invalid):
        office.remit(refund, 1)
    assert refund.credit_transaction_id is None
    assert (
        "No payment for this program"
        in service.read(office.session, office.bursar, office.owed(0).id).current.assumptions[-1]
    )


def test_the_case_comes_from_the_ledger(office: Office) -> None:
    """Payments pay the oldest charge first, credits lower the charge; what was reversed is left out."""
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    session, bursar, student = office.session, office.bursar, enrollment.user_id
    ledger.post_for_student(
        session, bursar, student, charge(15_000, "fees", booked_on=date(2026, 1, 5), **of)
    )
    ledger.post_for_student(session, bursar, student, charge(504_000, booked_on=date(2026, 1, 6), **of))
    ledger.post_for_student(session, bursar, student, charge(32_500, "kit", booked_on=date(2026, 1, 7)))
    scholarship = {"request": uuid4(), "amount_cents": 4_000, "kind": "scholarship", "memo": "Merit"}
    ledger.post_for_student(session, bursar, student, CreditForm.model_validate(scholarship | of))
    waived = {"request": uuid4(), "amount_cents": 2_500, "kind": "waiver", "type": "kit", "memo": "Dented"}
    ledger.post_for_student(session, bursar, student, CreditForm.model_validate(waived))
    bounced = ledger.post_for_student(session, bursar, student, payment(99_900, "check", **of))
    ledger.reverse(session, bursar, bounced.id, reversal())
    ledger.post_for_student(session, bursar, student, payment(530_000, booked_on=date(2026, 2, 2)))
    refund = office.leaves(enrollment)
    case = service.read(session, bursar, refund.id).current.case_file
    assert case["program"]["segments"][0]["charge_cents"] == 515_000
    # What was waived of the kit lowers the kit alone.
    assert [one["amount_cents"] for one in case["items"] if one["name"] == "Kit and supplies"] == [30_000]
    assert case["payments"] == [
        {"amount_cents": 515_000, "paid_on": "2026-02-02", "for": "program"},
        {"amount_cents": 15_000, "paid_on": "2026-02-02", "for": "item:Kit and supplies"},
    ]
    assert refund.amount_cents == 477_000
    office.approve(refund)
    credit = session.execute(
        select(LedgerPosting.amount_cents).where(LedgerPosting.transaction_id == refund.credit_transaction_id)
    ).scalars()
    assert sorted(credit) == [-477_000, 13_500, 463_500]  # books and kits apart from tuition and fees
    # With another program beside it, money that names none is not guessed at.
    office.reject(refund)
    office.school.enrollment(enrollment.user, office.school.program())
    office.recompute(refund)
    current = service.read(session, bursar, refund.id).current
    assert (current.case_file["payments"], refund.amount_cents) == ([], 0)
    assert any("without naming a program" in sentence for sentence in current.assumptions)


def test_who_paid_is_paid_back(office: Office) -> None:
    """A payer up to what they have paid, the student the rest; VA funds by their own rule, within 40 days."""
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    session, bursar, student = office.session, office.bursar, enrollment.user_id
    payer = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    ledger.post_for_student(session, bursar, student, charge(504_000, **of))
    for cents, whose in ((100_000, student), (252_000, student)):
        billing = {"request": uuid4(), "amount_cents": cents, "payer_id": payer.id, "memo": "Voucher"} | of
        ledger.post_for_student(session, bursar, whose, BillingForm.model_validate(billing))
    paid = {"request": uuid4(), "amount_cents": 200_000, "method": "transfer", "reference": "ACH 1"}
    payers.payer_pays(session, bursar, payer.id, PayerPaymentForm.model_validate(paid))
    ledger.post_for_student(session, bursar, student, payment(152_000, **of))
    refund = office.leaves(enrollment)
    found = service.read(session, bursar, refund.id)
    assert [(one["payer_id"], one["amount_cents"]) for one in found.current.payees] == [
        (payer.id, 200_000),
        (None, refund.amount_cents - 200_000),
    ]
    office.approve(refund)
    office.remit(refund, 200_000, payer_id=payer.id)
    assert refund.remitted_at is None
    with pytest.raises(Conflict, match="WorkSource has been paid already"):
        office.remit(refund, 200_000, payer_id=payer.id)
    office.remit(refund, refund.amount_cents - 200_000)
    assert refund.remitted_at == NOW
    assert balances.compare(session).differences == 0


def test_anybody_computes_the_same_from_the_stored_case(
    office: Office, signed_in: SignIn, session: Session
) -> None:
    """By command, API and page, to the cent and the line."""
    refund = office.owed()
    client = signed_in(user_of(session, office.bursar))
    stored = client.get(f"/refunds/{refund.id}/case.json")
    found = client.get(f"/api/v1/refunds/{refund.id}").json()
    assert json.loads(stored.text) == found["case_file"]
    by_api = client.post(
        "/api/v1/refunds/preview", content=stored.text, headers={"Content-Type": "application/json"}
    )
    done = CliRunner().invoke(command.commands, ["preview", "--file=-", "--json"], input=stored.text)
    assert (
        by_api.json()
        == json.loads(done.stdout)
        == found["result"]
        == door.preview(found["case_file"]).as_record()
    )
    page = client.post("/refunds/preview", data={"case": stored.text}).text
    own = client.get(f"/refunds/{refund.id}").text
    steps = re.compile(r"<tr><td>(.*?)</td><td class=\"numeric\">(.*?)</td></tr>")
    assert steps.findall(page) == steps.findall(own)
    assert len(steps.findall(own)) == len(found["result"]["lines"])
    assert found["policy_basis"].splitlines()[0] == "Policy gnpec-current"


def test_the_pages_lead_from_step_to_step(office: Office, signed_in: SignIn, session: Session) -> None:
    refund = office.owed()
    address = f"/refunds/{refund.id}"
    registrar, chief = (signed_in(user_of(session, one)) for one in (office.registrar, office.chief))
    bursar = signed_in(user_of(session, office.bursar))
    student = signed_in(session.get_one(User, service.read(session, office.bursar, refund.id).row.student_id))
    assert "somebody else approves it" in registrar.get(address).text
    assert registrar.post(f"{address}/approval", data={"computation": "1"}).status_code == 403
    assert bursar.post(f"{address}/approval", data={"computation": "1"}).status_code == 403
    early = {"request": str(uuid4()), "amount_cents": "4,536.00", "method": "check", "reference": "2041"}
    assert bursar.post(f"{address}/remittances", data=early).status_code == 409
    assert "Refunds to approve" in chief.get("/queue").text
    assert chief.post(f"{address}/approval", data={"computation": "1"}).status_code == 303
    assert "Refunds to pay out" in bursar.get("/queue").text
    wrong = bursar.post(f"{address}/remittances", data=early | {"amount_cents": "4,536.01"})
    assert wrong.status_code == 422
    assert "$4,536.00. Nothing was paid" in wrong.text
    assert bursar.post(f"{address}/remittances", data=early).status_code == 303
    made = session.scalars(select(RefundRemittance.id)).one()
    page = student.get(address)
    assert page.status_code == 200
    assert "Sent to you" in page.text
    assert "Ada Administrator" not in page.text
    assert f'href="{address}"' in student.get("/account/money").text
    assert student.post(f"{address}/remittances", data=early).status_code == 403
    assert bursar.get(f"{address}/remittances/{made}/return").status_code == 200
    back = {"request": str(uuid4()), "reason": "Returned by the post office"}
    assert bursar.post(f"{address}/remittances/{made}/return", data=back).status_code == 303
    assert "It came back" in student.get(address).text
    assert chief.post(f"{address}/rejection", data={"rejection": "Wrong address"}).status_code == 303
    assert bursar.post(f"{address}/computations", data={"reason": "Address corrected"}).status_code == 303
    shown = bursar.get("/refunds?q=Maria").text
    assert "Waiting for approval" in shown
    for form in ("csv", "xlsx", "json"):
        assert bursar.get(f"/refunds?format={form}").status_code == 200
    grouped = bursar.get("/refunds?group=timeliness")
    assert grouped.status_code == 200
    assert "list-chart" in grouped.text
    assert bursar.get("/refunds/999999").status_code == 404


def test_warnings_come_once_at_30_40_and_45_days(office: Office, session: Session) -> None:
    refund = office.owed()
    for subject in (office.bursar, office.chief):  # who can sign in
        user_of(session, subject).hashed_password = "$2b$12$"
    office.approve(office.owed(hours=240))  # nothing owed: no warning
    paid = office.owed()
    office.approve(paid)
    office.remit(paid, OWED)
    withdrawn = date(2026, 4, 20)
    sent = {
        days: notices.warn(session, withdrawn + timedelta(days=days))
        for days in (29, 30, 31, 39, 40, 44, 45, 46, 60)
    }
    assert sent == {29: 0, 30: 1, 31: 0, 39: 0, 40: 1, 44: 0, 45: 1, 46: 0, 60: 0}
    mails = session.execute(
        text(
            "SELECT to_address, subject FROM outbox_messages WHERE subject LIKE '%the refund of%' ORDER BY id"
        )
    ).all()
    assert len(mails) == 3 * 2
    assert [one.subject.partition("is due ")[2] for one in mails[::2]] == ["in 15 days", "in 5 days", "today"]
    assert {one.to_address for one in mails} == {office.bursar.email, office.chief.email}
    assert acts(office, refund).count("refund.warned") == 3
    # Of several that were missed, the last alone is sent.
    late = office.owed()
    assert notices.warn(session, withdrawn + timedelta(days=50)) == 1
    assert late.warnings == 3
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        assert service.totals(session, office.bursar).overdue == 2
        rows = service.refunds(session, office.bursar, Paging(), timely="overdue").page().items
        assert {row.id for row in rows} == {refund.id, late.id}
        assert [row.on_time for row in rows] == [False, False]


def agrees(office: Office, refund: Refund) -> None:
    """What the refund says is what the ledger says."""
    session = office.session
    held = (
        select(LedgerTransaction.id)
        .where(LedgerTransaction.reverses.is_(None))
        .where(
            ~LedgerTransaction.id.in_(
                select(LedgerTransaction.reverses).where(LedgerTransaction.reverses.is_not(None))
            )
        )
    )

    def sums(kind: str) -> int:
        return (
            session.scalar(
                select(func.sum(LedgerPosting.amount_cents))
                .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
                .where(
                    LedgerTransaction.id.in_(held),
                    LedgerTransaction.kind == kind,
                    LedgerPosting.amount_cents > 0,
                )
            )
            or 0
        )

    live = sum(
        session.scalars(select(RefundRemittance.amount_cents).where(RefundRemittance.returned_at.is_(None)))
    )
    assert sums("refund") == (refund.amount_cents if refund.approved_at else 0)
    assert sums("remittance") == live
    assert (refund.remitted_at is not None) == (live == refund.amount_cents and live > 0)
    newest = session.scalars(
        select(RefundComputation).order_by(RefundComputation.number.desc()).limit(1)
    ).one()
    assert newest.amount_cents == refund.amount_cents


@pytest.mark.parametrize("seed", range(3))
def test_ledger_and_refund_agree_after_any_acts(office: Office, seed: int) -> None:
    luck = random.Random(seed)
    refund = office.owed(252_000)
    row = service.read(office.session, office.bursar, refund.id).row
    of = {"enrollment_id": row.enrollment_id}
    done: set[str] = set()
    everybody = [office.registrar, office.bursar, office.chief, office.chief]

    def act(name: str) -> None:
        found = service.read(office.session, office.bursar, refund.id)
        by, number = luck.choice(everybody), found.current.number
        if name == "pay":
            ledger.post_for_student(
                office.session, office.bursar, row.student_id, payment(luck.randint(1, 50_000), **of)
            )
        elif name == "approve":
            office.approve(refund, by, luck.choice([number, number, number - 1 or 1]))
        elif name == "reject":
            office.reject(refund, by)
        elif name == "recompute":
            office.recompute(refund, by)
        elif name == "remit":
            office.remit(refund, refund.amount_cents - luck.choice([0, 0, 0, 1]), by)
        else:
            office.comes_back(refund, found.remittances[0].id if found.remittances else 1)

    for _step in range(80):
        name = luck.choices(
            ["pay", "approve", "reject", "recompute", "remit", "return"], weights=[1, 6, 1, 4, 6, 1]
        )[0]
        try:
            with office.session.begin_nested():
                act(name)
            done.add(name)
        except (Problem, ValidationError):
            office.session.refresh(refund)
        agrees(office, refund)
    assert {"approve", "remit"} <= done
    assert balances.compare(office.session).differences == 0


def _approve_and_die(database: Database, subject: Subject, refund_id: int) -> None:
    with database.begin() as session:
        service.approve(session, subject, refund_id, ApprovalForm(computation=1))
        pid = session.scalar(select(func.pg_backend_pid()))
        with database.begin() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.execute(select(1))


def test_64_at_once_approve_once_and_pay_once(live_database: Database) -> None:
    with live_database.begin() as session:
        office = Office.of(session, School(session))
        refund, other = office.owed().id, office.owed(name="Tom Other").id
        approvers = [person(office.school, Duty.REGISTRAR, f"Registrar {number}") for number in range(4)]
        student = service.read(session, office.bursar, refund).row.student_id

    def attempt(act: Callable[[Session], object]) -> str:
        try:
            with live_database.begin() as session:
                act(session)
            return "done"
        except Conflict as conflict:
            return conflict.detail

    def approve(number: int) -> str:
        subject: Subject = approvers[number % 4]
        return attempt(lambda session: service.approve(session, subject, refund, ApprovalForm(computation=1)))

    same = remittance(OWED)

    def remit(number: int) -> str:
        form = same if number % 2 else remittance(OWED)
        return attempt(lambda session: remittances.remit(session, office.bursar, refund, form))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(approve, range(64)))
    assert answers.count("done") == 1
    assert set(answers) == {"done", "This refund is approved already. Nothing was changed."}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(remit, range(64)))
    assert set(answers) <= {"done", "Maria Lopez has been paid already. Nothing was paid a second time."}
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(RefundRemittance)) == 1
        kinds = session.scalars(
            select(LedgerTransaction.kind)
            .where(LedgerTransaction.student_id == student)
            .order_by(LedgerTransaction.id)
        ).all()
        assert kinds == ["charge", "payment", "refund", "remittance"]
        assert balances.balances_of(session, [student]) == {student: 0}
    # Killed in the middle: the connection goes when credit and approval are written and not committed.
    with pytest.raises(OperationalError):
        _approve_and_die(live_database, approvers[0], other)
    with live_database.begin() as session:
        row = service.read(session, office.bursar, other).row
        assert (row.state, row.credit_transaction_id) == ("to_approve", None)
        assert balances.balances_of(session, [row.student_id]) == {row.student_id: 0}
        assert balances.compare(session).differences == 0


def test_processing_a_withdrawal_computes_its_refund(office: Office, session: Session) -> None:
    """In one transaction, from the hours that it froze; a withdrawal that is undone leaves no refund."""
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(session, office.bursar, enrollment.user_id, charge(504_000, **of))
    ledger.post_for_student(session, office.bursar, enrollment.user_id, payment(504_000, **of))
    for day in range(1, 13):
        office.school.attendance(enrollment, LEFT - timedelta(days=2 * day), minutes=240)
    zone = schools.facts(session).zone
    # What the student was shown before is what is computed then.
    shown = refunds.what_if(session, subject_of(enrollment.user), enrollment.id, zone)
    assert (shown.now.amount_cents, shown.assumed) == (OWED, NO_AGREEMENT)
    enrollments.request_withdrawal(
        session,
        subject_of(enrollment.user),
        enrollment.id,
        request=uuid4(),
        reason="Moving away",
        acknowledged="I ask to leave.",
        zone=zone,
    )
    enrollments.process_withdrawal(session, office.registrar, enrollment.id, note="Done", zone=zone)
    refund = session.scalars(select(Refund)).one()
    current = service.read(session, office.bursar, refund.id).current
    assert (refund.computed_by, refund.amount_cents) == (office.registrar.user_id, OWED)
    assert current.case_file["attended_minutes"] == 48 * 60
    assert current.case_file["program"]["total_minutes"] == 480 * 60
    with pytest.raises(Forbidden):
        office.approve(refund, office.registrar)
    office.approve(refund)


def test_the_letter_is_signed_and_says_every_step(live_settings: Settings, live_database: Database) -> None:
    files = open_store(live_settings)
    with live_database.begin() as session:
        office = Office.of(session, School(session))
        documents.ensure_keys(session, live_settings)
        refund = office.owed(name="Thị Bích").id

    def issue() -> IssuedDocument:
        with live_database.begin() as session:
            act = letters.act(session, office.bursar, refund)
        return documents.issue(
            live_database, office.bursar, files, live_settings,
            lambda session: letters.draft(session, office.bursar, files, refund), request=act,
        )  # fmt: skip

    with pytest.raises(Conflict, match="once the refund is approved"):
        issue()
    with live_database.begin() as session:
        service.approve(session, office.chief, refund, ApprovalForm(computation=1))
        remittances.remit(session, office.bursar, refund, remittance(OWED))
    made = issue()
    with live_database.begin() as session:
        student = session.get_one(User, service.read(session, office.bursar, refund).row.student_id)
        row, pdf = documents.content(session, subject_of(student), files, made.id)
        assert row.number == "RL-2026-000001"
        assert documents.verify(session, SYSTEM, pdf).accepted
        assert service.read(session, office.bursar, refund).row.letter_id == made.id
