"""A withdrawal that waits shows the last day of its refund: that of the policy, day 40 at most where VA paid."""

from datetime import UTC, date, datetime
from uuid import uuid4

import time_machine
from sqlalchemy import Connection, true

from app.core.permissions import SYSTEM
from app.db.models import Enrollment, Withdrawal
from app.enrollment.lists import queries as lists
from app.enrollment.lists import service
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.school import service as schools
from app.web.paging import Paging
from tests.finance.forms import payment, reversal
from tests.finance.refunds.cases import LEFT, Office
from tests.finance.refunds.filings import filed
from tests.queries import counted

DAY_45, DAY_40 = date(2026, 6, 4), date(2026, 5, 30)
DAY_25 = datetime(2026, 5, 15, 16, tzinfo=UTC)


def test_a_list_knows_who_paid_as_the_refund_does(office: Office, connection: Connection) -> None:
    session, bursar = office.session, office.bursar
    va = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va"))
    board = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))

    def billed(enrollment: Enrollment, payer_id: int, cents: int, named: bool = True) -> int:
        form = BillingForm(
            request=uuid4(), amount_cents=cents, payer_id=payer_id, memo="Voucher",
            enrollment_id=enrollment.id if named else None,
        )  # fmt: skip
        return ledger.post_for_student(session, bursar, enrollment.user_id, form).id

    def pays(payer_id: int, cents: int) -> None:
        form = PayerPaymentForm(request=uuid4(), amount_cents=cents, method="transfer")
        payers.payer_pays(session, bursar, payer_id, form)

    names = ("Own", "Board", "Va", "Reversed", "Unnamed", "Several", "Partly", "Unpaid")
    enrollments = {name: office.enrolled(name) for name in names}
    ledger.post_for_student(
        session, bursar, enrollments["Own"].user_id, payment(5_000, enrollment_id=enrollments["Own"].id)
    )
    billed(enrollments["Board"], board.id, 10_000)
    pays(board.id, 10_000)
    billed(enrollments["Va"], va.id, 10_000)
    taken_back = billed(enrollments["Reversed"], va.id, 10_000)
    ledger.reverse(session, bursar, taken_back, reversal())
    billed(enrollments["Unnamed"], va.id, 10_000, named=False)
    billed(enrollments["Several"], va.id, 10_000, named=False)
    # Billed while they had one program: which it was for, nobody can say now.
    office.school.enrollment(enrollments["Several"].user, office.school.program(name="Phlebotomy"))
    billed(enrollments["Partly"], va.id, 10_000)
    billed(enrollments["Unpaid"], va.id, 10_000)
    pays(va.id, 30_001)
    for one in enrollments.values():
        session.add(Withdrawal(user_id=one.user_id, enrollment_id=one.id, requested_at=LEFT, kind="student"))
    session.flush()
    with time_machine.travel(DAY_25, tick=False), counted(connection) as statements:
        rows = service.pending_withdrawals(session, SYSTEM, Paging(sort="due")).page().items
    assert len([one for one in statements if "ledger_postings" in one]) == 1
    expected = {name: DAY_40 if name in ("Va", "Unnamed", "Partly") else DAY_45 for name in names}
    assert {row.full_name: row.due_on for row in rows} == expected
    assert [row.due_on for row in rows] == sorted(expected.values())
    assert {(row.refund_days, row.days_left, row.tone) for row in rows} == {(40, 15, "warn"), (45, 20, "")}
    # The queue says the same, and so does what a refund is computed from.
    waiting = session.execute(lists.to_process(true(), schools.facts(session).zone)).all()
    assert {row.about: row.due_on for row in waiting} == expected
    for name, one in enrollments.items():
        by_va = any(paid.kind == "va" for paid in ledger.paid_by_payers(session, one.id))
        assert by_va == (expected[name] == DAY_40), name


def test_the_days_are_those_of_the_policy_of_the_day_of_enrollment(office: Office) -> None:
    filed(office, date(2025, 6, 1), due_days="30")
    for name, day in (("Before", date(2025, 5, 31)), ("Since", date(2025, 6, 1))):
        one = office.enrolled(name)
        one.enrolled_at = day
        office.session.add(
            Withdrawal(user_id=one.user_id, enrollment_id=one.id, requested_at=LEFT, kind="student")
        )
        if name == "Since":  # VA's 40 days put nothing off.
            va = payers.save_payer(office.session, office.bursar, PayerForm(name="VA", kind="va"))
            form = BillingForm(
                request=uuid4(), amount_cents=10_000, payer_id=va.id, memo="Voucher", enrollment_id=one.id
            )
            ledger.post_for_student(office.session, office.bursar, one.user_id, form)
            pays = PayerPaymentForm(request=uuid4(), amount_cents=10_000, method="transfer")
            payers.payer_pays(office.session, office.bursar, va.id, pays)
    office.session.flush()
    rows = service.pending_withdrawals(office.session, SYSTEM, Paging(sort="due")).page().items
    assert [(row.full_name, row.refund_days) for row in rows] == [("Since", 30), ("Before", 45)]
    waiting = office.session.execute(lists.to_process(true(), schools.facts(office.session).zone)).all()
    assert {row.about: row.due_on for row in waiting} == {"Since": date(2026, 5, 20), "Before": DAY_45}
