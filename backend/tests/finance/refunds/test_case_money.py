"""The money of refund cases: what they are computed from, whom they pay, and that they and the ledger always agree."""

import json
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.commands import refund as command
from app.core.errors import Conflict, Forbidden, Problem
from app.core.permissions import Duty, Subject
from app.db.models import (
    LedgerPosting,
    LedgerTransaction,
    Refund,
    RefundComputation,
    RefundRemittance,
)
from app.db.session import Database
from app.enrollment import service as enrollments
from app.finance.ledger import service as ledger
from app.finance.ledger.balances import service as balances
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, CreditForm, PayerForm, PayerPaymentForm
from app.finance.refunds import door
from app.finance.refunds import service as refunds
from app.finance.refunds.cases import service
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import ApprovalForm
from app.finance.refunds.cases.terms import NO_AGREEMENT
from app.school import service as schools
from tests.beside import Act
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW
from tests.finance.forms import charge, payment, reversal
from tests.finance.refunds.cases import LEFT, OWED, Office, SignIn, person, remittance, user_of


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
    steps = re.compile(r'<tr><td(?: colspan="2")?>(.*?)</td>(?:<td class="numeric">(.*?)</td>)?</tr>')
    assert steps.findall(page) == steps.findall(own)
    assert len(steps.findall(own)) == len(found["result"]["lines"])
    assert found["policy_basis"].splitlines()[0] == "Policy gnpec-current"


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
        assert (row.state, session.get_one(Refund, other).credit_transaction_id) == ("to_approve", None)
        assert balances.balances_of(session, [row.student_id]) == {row.student_id: 0}
        assert balances.compare(session).differences == 0


def test_a_payment_that_is_being_posted_is_waited_for_and_refuses_the_approval(
    live_database: Database,
) -> None:
    with live_database.begin() as session:
        office = Office.of(session, School(session))
        refund = office.owed().id
        approver = person(office.school, Duty.REGISTRAR, "Rita Registrar")
        row = service.read(session, office.bursar, refund).row
        student, enrollment = row.student_id, row.enrollment_id

    def approve(session: Session) -> None:
        service.approve(session, approver, refund, ApprovalForm(computation=1))

    waiting = Act(live_database, approve)
    with live_database.begin() as paying:
        ledger.post_for_student(paying, office.bursar, student, payment(10_000, enrollment_id=enrollment))
        waiting.start_and_wait_for_a_lock()
    with pytest.raises(Conflict, match="computed from has changed"):
        waiting.finish()
    with live_database.begin() as session:
        assert service.read(session, office.bursar, refund).row.state == "to_approve"


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
    assert shown.now.amount_cents == OWED
    assert (shown.assumed or "").endswith(NO_AGREEMENT)
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
