"""Late fees of payment plans: which money counts as paid, and by which day."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy.orm import Session

from app.core import own_rows
from app.core.permissions import Subject
from app.db.models import Enrollment, User
from app.finance.ledger import service as ledger
from app.finance.ledger.balances.service import paid_of_billings
from app.finance.ledger.payers import service as payers
from app.finance.ledger.plans import late_fees, service
from app.finance.ledger.schemas import BillingForm, CreditForm, PayerForm, PayerPaymentForm
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.forms import charge, payment, reversal
from tests.finance.test_plans import FEES, TODAY, agreed, left, terms


@pytest.mark.parametrize(
    ("share", "owes", "expected"),
    [("student_share", True, 0), ("whole_share", True, 1), ("whole_share", False, 0)],
)
def test_a_late_fee_on_a_payers_share(
    session: Session,
    bursar: Subject,
    enrolled: Enrollment,
    settings: Settings,
    share: str,
    owes: bool,
    expected: int,
) -> None:
    terms(session, **FEES, late_fee_on=share)
    ledger.post_for_student(session, bursar, enrolled.user_id, charge(200_000))
    plan = agreed(session, bursar, enrolled)
    payer = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    bill = BillingForm(request=uuid4(), amount_cents=35_000, payer_id=payer.id, memo="Voucher")
    ledger.post_for_student(session, bursar, enrolled.user_id, bill)
    if not owes:
        paid = PayerPaymentForm(request=uuid4(), amount_cents=35_000, method="transfer")
        payers.payer_pays(session, bursar, payer.id, paid)
    # What the pages call paid is what a late fee counts as paid.
    waits = 35_000 if expected else 0
    found = service.plan(session, bursar, plan)
    assert (left(session, plan)[0], found.waiting_cents) == (waits, waits)
    assert service.plans(session, bursar, Paging()).page().items[0].paid_cents == 35_000 - waits
    assert len(late_fees.charge(session, settings, plan, TODAY + timedelta(days=18))) == expected
    # The payer’s payment names no student. What the student reads as themselves is what the bursar reads.
    known = service.plan(session, bursar, plan)
    student = subject_of(session.get_one(User, enrolled.user_id))
    own_rows.limit_to(session, enrolled.user_id)
    assert service.plan(session, student, plan) == known


@pytest.mark.parametrize(
    ("other_first", "paid", "fees"),
    [
        # What the payer owes for another student, whose billing is newer, is nothing to this one.
        (False, [(21, 35_000)], []),
        (False, [(21, 30_000)], [500]),
        # What came after the last day of grace came too late, whatever the payer owes when the job runs.
        (False, [(21, 30_000), (22, 55_000)], [500]),
        (False, [(22, 85_000)], [3_500]),
        # An older billing is paid first, whoever it was for.
        (True, [(21, 60_000)], [2_500]),
        (True, [(21, 85_000)], []),
    ],
)
def test_a_payers_share_counts_as_far_as_it_was_paid_by_the_last_day(
    session: Session,
    bursar: Subject,
    enrolled: Enrollment,
    school: School,
    settings: Settings,
    other_first: bool,
    paid: list[tuple[int, int]],
    fees: list[int],
) -> None:
    terms(session, late_fee="fee_percent", late_fee_pct=10, late_fee_grace_days=10, late_fee_on="whole_share")
    ledger.post_for_student(session, bursar, enrolled.user_id, charge(200_000))
    plan = agreed(session, bursar, enrolled)  # $350.00 due the 11th of May, grace through the 21st
    payer = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va"))
    billings = [(enrolled.user_id, 35_000), (school.enrollment(school.student()).user_id, 50_000)]
    for student, cents in reversed(billings) if other_first else billings:
        bill = BillingForm(request=uuid4(), amount_cents=cents, payer_id=payer.id, memo="Voucher")
        ledger.post_for_student(session, bursar, student, bill)
    with time_machine.travel(datetime(2026, 5, 25, 16, tzinfo=UTC), tick=False):
        for day, cents in paid:
            form = PayerPaymentForm(
                request=uuid4(), amount_cents=cents, method="transfer", booked_on=date(2026, 5, day)
            )
            payers.payer_pays(session, bursar, payer.id, form)
        so_far = 35_000 - service.plan(session, bursar, plan).paid_cents
        kept = paid_of_billings(session, [payer.id])
        assert so_far == sum(35_000 - cents for row, cents in kept if row.cents == 35_000)
        made = late_fees.charge(session, settings, plan, date(2026, 5, 25))
        assert [ledger.transaction(session, bursar, one.id).row.amount_cents for one in made] == fees


def test_the_last_day_decides_and_not_the_day_the_job_ran(
    session: Session, bursar: Subject, enrolled: Enrollment, settings: Settings
) -> None:
    terms(session, **FEES)
    ledger.post_for_student(session, bursar, enrolled.user_id, charge(200_000))
    plan = agreed(session, bursar, enrolled)  # due the 11th of May, grace through the 21st
    with time_machine.travel(datetime(2026, 5, 25, 16, tzinfo=UTC), tick=False):
        in_time = payment(35_000, booked_on=date(2026, 5, 21), memo="Mailed check")
        ledger.post_for_student(session, bursar, enrolled.user_id, in_time)
        assert late_fees.charge(session, settings, plan, date(2026, 5, 25)) == []
    with time_machine.travel(datetime(2026, 7, 25, 16, tzinfo=UTC), tick=False):
        late = payment(70_000, booked_on=date(2026, 6, 22), memo="A day late")
        ledger.post_for_student(session, bursar, enrolled.user_id, late)
        made = late_fees.charge(session, settings, plan, date(2026, 7, 25))
        assert [one.memo for one in made] == ["Late fee for installment 2, due June 11, 2026"]


def test_a_late_fee_is_owed_beside_the_installments(
    session: Session, bursar: Subject, enrolled: Enrollment, settings: Settings
) -> None:
    terms(session, **FEES)
    student, of = enrolled.user_id, {"enrollment_id": enrolled.id}
    ledger.post_for_student(session, bursar, student, charge(105_000, **of))
    plan = agreed(session, bursar, enrolled)
    (fee,) = late_fees.charge(session, settings, plan, TODAY + timedelta(days=18))
    for cents, unpaid in (
        (37_500, [0, 35_000, 35_000]),
        (32_500, [0, 2_500, 35_000]),
        (35_000, [0, 0, 2_500]),
    ):
        ledger.post_for_student(session, bursar, student, payment(cents, **of))
        assert left(session, plan) == unpaid
    found = service.plan(session, bursar, plan)
    row = service.plans(session, bursar, Paging()).page().items[0]
    assert (found.state, row.state, row.paid_cents) == ("on_time", "on_time", 102_500)
    assert ledger.balances_of(session, [student]) == {student: 2_500}
    # An installment that is unpaid by no more than an earlier late fee is charged none (16 CFR 444.4).
    assert late_fees.charge(session, settings, plan, TODAY + timedelta(days=49)) == []
    # Waived or taken back, the fee takes nothing; a waiver of it pays no installment beyond that.
    for taken_back in (True, False):
        with session.begin_nested() as undone:
            if taken_back:
                ledger.reverse(session, bursar, fee.id, reversal("Posted in error"))
            else:
                waiver = CreditForm(
                    request=uuid4(), amount_cents=2_500, kind="waiver", type="late_fee", memo="Goodwill", **of
                )
                ledger.post_for_student(session, bursar, student, waiver)
            assert left(session, plan) == [0, 0, 0]
            undone.rollback()
