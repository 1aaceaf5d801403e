"""Rows of the ledger."""

from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import (
    Enrollment,
    LedgerPayer,
    LedgerPosting,
    LedgerTransaction,
    PaymentCheckout,
    PaymentEvent,
    PaymentPlan,
    PaymentPlanInstallment,
)
from app.finance.ledger import chart, queries


def booked(
    session: Session, enrollment: Enrollment, cents: int, day: date | None = None, kind: str = "charge"
) -> LedgerTransaction:
    """A charge for tuition, or a payment in cash, of so many cents."""
    student = enrollment.user_id
    code = chart.student_code(student)
    queries.open_account(session, code=code, name=f"Student {student}", kind="asset", student_id=student)
    numbers = queries.account_numbers(session, [code, chart.TUITION, chart.CASH])
    sign, other = (1, chart.TUITION) if kind == "charge" else (-1, chart.CASH)
    made = LedgerTransaction(
        kind=kind,
        booked_on=day or clock.now().date(),
        student_id=student,
        enrollment_id=enrollment.id,
        memo="Tuition" if kind == "charge" else "Payment",
        method=None if kind == "charge" else "cash",
        request=uuid4(),
        fingerprint="",
    )
    session.add(made)
    session.flush()
    session.add_all(
        [
            LedgerPosting(
                transaction_id=made.id, line=1, account_id=numbers[code], amount_cents=sign * cents
            ),
            LedgerPosting(
                transaction_id=made.id, line=2, account_id=numbers[other], amount_cents=-sign * cents
            ),
        ]
    )
    session.flush()
    return made


def owing(session: Session, enrollment: Enrollment) -> dict[str, int]:
    """A charge, a payer, a plan and a refund at a payment provider, by what addresses call their numbers."""
    number = session.scalar(select(func.count()).select_from(LedgerPayer))
    payer = LedgerPayer(name=f"Sponsor {number}", kind="sponsor")
    session.add(payer)
    session.flush()
    made = booked(session, enrollment, 50_000)
    return {
        "transaction_id": made.id,
        "payer_id": payer.id,
        "plan_id": planned(session, enrollment).id,
        "payment_event_id": taken_back(session, enrollment).id,
    }


def taken_back(session: Session, enrollment: Enrollment, cents: int = 10_000) -> PaymentEvent:
    """A refund that a payment provider reported, which waits for the bursar."""
    checkout = PaymentCheckout(
        provider="stripe",
        student_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        amount_cents=cents,
        request=uuid4(),
    )
    session.add(checkout)
    session.flush()
    made = PaymentEvent(
        provider="stripe",
        event_id=f"evt_{uuid4()}",
        type="charge.refunded",
        outcome="taken_back",
        checkout_id=checkout.id,
        amount_cents=cents,
    )
    session.add(made)
    session.flush()
    return made


def planned(session: Session, enrollment: Enrollment, cents: int = 50_000) -> PaymentPlan:
    """A plan of one installment that the student has not agreed to."""
    made = PaymentPlan(
        student_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        total_cents=cents,
        after_transaction=0,
        terms={},
        request=uuid4(),
    )
    session.add(made)
    session.flush()
    due = clock.now().date() + timedelta(days=30)
    session.add(PaymentPlanInstallment(plan_id=made.id, number=1, due_on=due, amount_cents=cents))
    session.flush()
    return made
