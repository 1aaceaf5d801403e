"""Late fees of a payment plan: charged once for an installment, whatever runs at the same time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import mail
from app.core.money import format_cents
from app.core.permissions import SYSTEM, internal
from app.db.models import LedgerTransaction, PaymentPlan
from app.finance.ledger import chart
from app.finance.ledger import queries as ledger
from app.finance.ledger.balances.service import paid_of_billings
from app.finance.ledger.plans import queries, service
from app.finance.ledger.plans.schemas import fee_of
from app.finance.ledger.posting import post
from app.finance.ledger.schemas import Entry
from app.rules import installments as rule
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings


@internal("the system's own work of every morning")
def charge(session: Session, settings: Settings, plan_id: int, today: date) -> list[LedgerTransaction]:
    """Charge what the plan's terms say for installments that were unpaid at the end of their last day of grace.

    What was booked through that day decides, so that a job that ran late charges what one in time would have; a payment
    that was reversed since is none. Under `whole_share` a billing of a payer counts as far as the payer's money booked
    through that day pays it. Nothing is charged while the account owes nothing. A fee that was reversed is waived for
    good: its act is known.
    """
    queries.lock(session, plan_id)
    row = queries.plan(session, plan_id)
    if row is None or row.agreed_at is None or row.ended_at is not None:
        return []
    fee = fee_of(row.terms)
    zone = school.facts(session).zone
    agreed_on = row.agreed_at.astimezone(zone).date()
    _heads, installments = queries.plans(session, PaymentPlan.id == plan_id)
    amounts = [one.amount_cents for one in installments]
    found = queries.credits_of(session, plan_id)
    whole = row.terms.get("late_fee_on") == "whole_share"
    billed = [one for one in found if whole and one.kind == "payer_billing"]
    paying = [one for one in found if not whole or one.kind != "payer_billing"]
    made: list[LedgerTransaction] = []
    acts = [service.fee_request(plan_id, one.number) for one in installments]
    known = queries.posted_for(session, acts)
    for place, one in enumerate(installments):
        last = fee.last_day(one.due_on, agreed_on)
        if last >= today or acts[place] in known:
            continue
        paid = sum(each.amount for each in paying if each.booked_on <= last)
        paid += _paid_by_payers(session, billed, last)
        cents = fee.of(rule.unpaid(amounts, paid)[place])
        if not cents or (ledger.balance_of(session, row.student_id) or 0) <= 0:
            continue
        made.append(
            post(
                session,
                SYSTEM,
                Entry(
                    "charge",
                    acts[place],
                    f"Late fee for installment {one.number}, due {long_date(one.due_on)}",
                    ((chart.student_code(row.student_id), cents), (chart.LATE_FEES, -cents)),
                    student_id=row.student_id,
                    enrollment_id=row.enrollment_id,
                ),
            )
        )
        _mail(session, settings, row.student_id, cents, one.due_on)
    return made


def _paid_by_payers(session: Session, billed: Sequence[Row[Any]], last: date) -> int:
    """What payers had paid of these billings by a day."""
    numbers = {one.transaction_id for one in billed}
    paid = paid_of_billings(session, {one.payer_id for one in billed}, through=last)
    return sum(cents for row, cents in paid if row.transaction_id in numbers)


def _mail(session: Session, settings: Settings, student_id: int, cents: int, due_on: date) -> None:
    person = ledger.student(session, student_id)
    if person is None or person.deleted_at is not None:
        return
    mail.send(
        session,
        person.email,
        "late_fee_charged",
        school=school.facts(session).legal_name,
        name=person.full_name,
        amount=format_cents(cents),
        due=long_date(due_on),
        page=f"{settings.app_origin}/account/money",
    )
