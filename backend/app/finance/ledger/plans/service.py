"""Payment plans: propose, agree, end; what of them is paid follows from the ledger."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import Session

from app.core import clock, history, mail, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.money import format_cents
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.db.models import PaymentPlan
from app.enrollment import service as enrollment
from app.finance.ledger import policies_in_force, policy
from app.finance.ledger import queries as ledger
from app.finance.ledger.plans import queries, reminder_queries
from app.finance.ledger.plans.schemas import Installment, Plan, PlanForm
from app.rules import installments as rule
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings, get_settings
from app.web.listing import Listing
from app.web.paging import Paging

NO_PLAN = "There is no such payment plan, or you don’t have access to it."
_FEES = UUID("8b0e6f0c-6c0c-4d4b-9f3e-5b3a6b1f2c5d")


@internal("a name made of two numbers")
def fee_request(plan_id: int, number: int) -> UUID:
    """Names the late fee of an installment, so that it is charged once whatever happens."""
    return uuid5(_FEES, f"{plan_id} {number}")


# Reading


def plans(session: Session, subject: Actor, paging: Paging, *, state: str | None = None) -> Listing[Any]:
    """Payment plans. Sorts: student, program, total, past_due, since, next. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, PaymentPlan.student_id)
    return queries.listing(session, paging, visible, _today(session), state=state)


@views.opens(Part.MONEY, student=lambda found, _given: found.student_id, record=lambda found: found.id)
def plan(session: Session, subject: Subject, plan_id: int) -> Plan:
    """One plan as it stands. Raises NotFound for other people's."""
    return _plan(session, subject, plan_id)


def of_student(session: Session, subject: Actor, student_id: int) -> list[Plan]:
    """A student's plans, the newest first, ended ones too. Raises NotFound for other people's."""
    policy.require_read(session, subject, student_id)
    return _read(session, PaymentPlan.student_id == student_id)


def own_standing(session: Session, subject: Subject) -> tuple[list[Plan], int]:
    """The person's own plans that are proposed or in force, and the balance in cents: one statement without a plan."""
    planned, balance = queries.standing(session, subject.user_id)
    if not planned:
        return [], balance
    plans = _read(session, PaymentPlan.student_id == subject.user_id, PaymentPlan.ended_at.is_(None))
    return plans, balance


def _plan(session: Session, subject: Actor, plan_id: int) -> Plan:
    found = _read(session, PaymentPlan.id == plan_id)
    if not found:
        raise NotFound(NO_PLAN)
    policy.require_read(session, subject, found[0].student_id, NO_PLAN)
    return found[0]


def _read(session: Session, *where: ColumnElement[bool]) -> list[Plan]:
    heads, rows = queries.plans(session, *where)
    of_plan = {number: list(group) for number, group in groupby(rows, key=lambda row: int(row.plan_id))}
    fees = queries.posted_for(session, [fee_request(row.plan_id, row.number) for row in rows]) if rows else {}
    today = _today(session)
    return [
        Plan(
            row.id,
            row.student_id,
            student,
            row.enrollment_id,
            program,
            row.total_cents,
            row.terms,
            row.created_at,
            row.agreed_at,
            row.ended_at,
            row.ended_because,
            row.supersedes_id,
            [
                Installment(
                    one.number,
                    one.due_on,
                    one.amount_cents,
                    one.unpaid,
                    fees.get(fee_request(row.id, one.number)),
                )
                for one in of_plan[row.id]
            ],
            today,
            of_plan[row.id][0].waiting,
        )
        for row, student, program in heads
    ]


# A plan's life


def rows_of(session: Session, subject: Actor, student_id: int, values: PlanForm) -> list[tuple[date, int]]:
    """The installments of a form, as they were split or edited. Raises Forbidden, NotFound, Invalid."""
    policy.require_post_to(session, subject, student_id)
    return _checked(session, student_id, values)


def _typed(values: PlanForm) -> list[tuple[date, int]]:
    """The installments of a form as they stand in it; none where it has no such installments."""
    if values.due_on or values.amount_cents:
        lengths = len(values.due_on), len(values.amount_cents)
        return list(zip(values.due_on, values.amount_cents, strict=True)) if lengths[0] == lengths[1] else []
    if values.total_cents < values.count:
        return []
    days = rule.due_dates(values.first_due_on, values.count, values.every)
    return list(zip(days, rule.split(values.total_cents, values.count), strict=True))


def _checked(session: Session, student_id: int, values: PlanForm) -> list[tuple[date, int]]:
    if values.enrollment_id not in {one.id for one in ledger.enrollments_of(session, student_id)}:
        raise _wrong("enrollment_id", "Choose one of this student’s programs.")
    today = _today(session)
    if not values.due_on and not values.amount_cents:
        if values.first_due_on < today:
            raise _wrong("first_due_on", "The first installment is due today or later.")
        if values.total_cents < values.count:
            raise _wrong("count", "There are more installments than cents.")
        return _typed(values)
    if len(values.due_on) != len(values.amount_cents):
        raise _wrong("amount_cents", "Enter the due date and the amount of every installment.")
    rows = _typed(values)
    if any(amount <= 0 for _day, amount in rows):
        raise _wrong("amount_cents", "Every installment is above zero. Leave both fields empty to drop one.")
    if any(day < today for day, _amount in rows):
        raise _wrong("due_on", "Every installment is due today or later.")
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(rows)):
        raise _wrong("due_on", "Each installment is due after the one before it.")
    total = sum(amount for _day, amount in rows)
    if total != values.total_cents:
        more = f"{format_cents(abs(total - values.total_cents))} {'more' if total > values.total_cents else 'less'}"
        raise _wrong(
            "amount_cents",
            f"The installments add up to {format_cents(total)}, which is {more} than the plan. Nothing was saved.",
        )
    return rows


def propose(session: Session, subject: Actor, student_id: int, values: PlanForm) -> PaymentPlan:
    """Propose a plan to a student; a proposal for the same program that was not agreed to is replaced.

    A plan in force holds until the student agrees to the new one. The same form again gives the same plan, however
    late: what was on time when it was proposed is not asked again. Raises Forbidden, NotFound, Invalid, Conflict.
    """
    policy.require_post_to(session, subject, student_id)
    ledger.lock_request(session, values.request)
    known = queries.by_request(session, values.request)
    if known is not None:
        sent = (student_id, values.enrollment_id, values.total_cents, _typed(values))
        rows = queries.rows_of(session, known.id)
        if (known.student_id, known.enrollment_id, known.total_cents, rows) != sent:
            raise Conflict("This form was sent before with other figures. Nothing was saved now.")
        return known
    rows = _checked(session, student_id, values)
    # What is posted from here on pays the plan: nobody may be in the middle of posting.
    ledger.stop_posting(session)
    found = queries.open_plans(session, PaymentPlan.enrollment_id == values.enrollment_id)
    in_force = next((one for one in found if one.agreed_at is not None), None)
    for one in found:
        if one.agreed_at is None:
            _end(session, subject, one, "superseded")
    dated = policies_in_force.payment_plans(session)
    row = PaymentPlan(
        student_id=student_id,
        enrollment_id=values.enrollment_id,
        total_cents=values.total_cents,
        after_transaction=queries.last_transaction(session),
        terms=dated.values.model_dump(mode="json") | {"version": dated.version},
        supersedes_id=None if in_force is None else in_force.id,
        request=values.request,
        created_by=subject.user_id,
    )
    queries.add(session, row, rows)
    history.record(
        session,
        subject,
        Action.PAYMENT_PLAN_PROPOSED,
        row.id,
        student_id=student_id,
        enrollment_id=row.enrollment_id,
        total_cents=row.total_cents,
        installments=len(rows),
        supersedes=row.supersedes_id,
    )
    person = ledger.student(session, student_id)
    if person is not None and person.deleted_at is None:
        settings: Settings = session.info.get("settings") or get_settings()
        mail.send(
            session,
            person.email,
            "payment_plan_proposed",
            school=school.facts(session).legal_name,
            name=person.full_name,
            total=format_cents(row.total_cents),
            first=f"{format_cents(rows[0][1])} on {long_date(rows[0][0])}",
            count=len(rows),
            page=f"{settings.app_origin}/account/money",
        )
    return row


def agree(session: Session, subject: Actor, plan_id: int) -> Plan:
    """The student agrees to their plan; the one it replaces ends. Agreed to twice, it was agreed to once.

    Raises NotFound for other people's, Conflict for a plan that was replaced or canceled.
    """
    queries.lock(session, plan_id)
    row = queries.plan(session, plan_id)
    if row is None or row.student_id != subject.user_id:
        raise NotFound(NO_PLAN)
    if row.ended_at is not None:
        raise Conflict(
            "This plan was replaced or canceled in the meantime. Nothing was changed. See Money for what holds now."
        )
    if row.agreed_at is None:
        for one in queries.open_plans(session, PaymentPlan.enrollment_id == row.enrollment_id):
            if one.id != row.id:
                _end(session, subject, one, "superseded")
        session.flush()
        row.agreed_at = clock.now()
        session.flush()
        found = _plan(session, subject, plan_id)
        history.record(
            session,
            subject,
            Action.PAYMENT_PLAN_AGREED,
            row.id,
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            total_cents=row.total_cents,
            installments=len(found.installments),
        )
        return found
    return _plan(session, subject, plan_id)


def cancel(session: Session, subject: Actor, plan_id: int) -> None:
    """End a plan without another one; what is owed stays. Raises Forbidden, NotFound, Conflict."""
    policy.require_post(subject)
    queries.lock(session, plan_id)
    found = _plan(session, subject, plan_id)
    policy.require_post_to(session, subject, found.student_id)
    row = queries.plan(session, plan_id)
    if row is None or row.ended_at is not None:
        raise Conflict("This plan has ended already. Nothing was changed.")
    _end(session, subject, row, "canceled")


def _end(session: Session, subject: Actor, row: PaymentPlan, because: str) -> None:
    if queries.end(session, row.id, because, subject.user_id, clock.now()):
        history.record(
            session,
            subject,
            Action.PAYMENT_PLAN_ENDED,
            row.id,
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            because=because,
        )


def _enrollment_ended(session: Session, enrollment_id: int, status: str) -> None:
    """Whoever leaves has a refund computed instead. Who has completed goes on paying."""
    if status == "withdrawn":
        for row in queries.open_plans(session, PaymentPlan.enrollment_id == enrollment_id):
            _end(session, SYSTEM, row, "enrollment_ended")


enrollment.on_ended("finance: payment plans", _enrollment_ended)


def _wrong(field: str, words: str) -> Invalid:
    return Invalid(words, errors=[FieldError(field, words)])


def _today(session: Session) -> date:
    return clock.today(school.facts(session).zone)


# Every morning


@internal("the system's own work of every morning")
def remind(session: Session, settings: Settings, today: date) -> int:
    """Mail students about installments that are due soon or past due, once each; how many emails."""
    policy_now = policies_in_force.payment_plans(session).values
    rows = reminder_queries.to_remind(
        session, today, policy_now.remind_days_before, policy_now.remind_days_after
    )
    known, sent = school.facts(session), 0
    for (plan_id, kind), group in groupby(rows, key=lambda row: (row.plan_id, row.kind)):
        several: list[Row[Any]] = list(group)
        fresh = set(reminder_queries.mark_reminded(session, plan_id, kind, [one.number for one in several]))
        found = [one for one in several if one.number in fresh]
        if not found:
            continue
        amount, first = sum(one.unpaid for one in found), found[0]
        mail.send(
            session,
            first.email,
            "installment_due" if kind == "before" else "installment_past_due",
            school=known.legal_name,
            name=first.full_name,
            program=first.program,
            amount=format_cents(amount),
            due=long_date(first.due_on),
            page=f"{settings.app_origin}/account/money",
        )
        history.record(
            session,
            SYSTEM,
            Action.PAYMENT_PLAN_REMINDED,
            plan_id,
            student_id=first.student_id,
            enrollment_id=first.enrollment_id,
            kind=kind,
            installments=[one.number for one in found],
            amount_cents=amount,
        )
        sent += 1
    return sent


@internal("the system's own work of every morning")
def plans_with_fees(session: Session, today: date) -> Sequence[int]:
    """Plans to look at for late fees."""
    return queries.with_fees(session, today)
