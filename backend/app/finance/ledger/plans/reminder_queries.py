"""SQL of the reminders of payment plans."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import Enrollment, PaymentPlan, PaymentPlanReminder, Program, User
from app.finance.ledger.plans.queries import IN_FORCE, installments


def to_remind(session: Session, today: date, before: int, after: int) -> Sequence[Row[Any]]:
    """Unpaid installments that a reminder is due for and was not sent: plan, number, kind, due_on, unpaid, student."""
    one = installments(IN_FORCE).subquery()
    kinds: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    if before:
        soon = one.c.due_on.between(today, today + timedelta(days=before))
        kinds.append((soon, literal("before")))
    if after:
        kinds.append((one.c.due_on <= today - timedelta(days=after), literal("after")))
    if not kinds:
        return ()
    kind = case(*kinds)
    sent = select(PaymentPlanReminder.plan_id).where(
        PaymentPlanReminder.plan_id == one.c.plan_id,
        PaymentPlanReminder.number == one.c.number,
        PaymentPlanReminder.kind == kind,
    )
    return session.execute(
        select(
            one.c.plan_id,
            one.c.number,
            one.c.due_on,
            one.c.unpaid,
            kind.label("kind"),
            PaymentPlan.student_id,
            PaymentPlan.enrollment_id,
            User.full_name,
            User.email,
            Program.name.label("program"),
        )
        .join(PaymentPlan, PaymentPlan.id == one.c.plan_id)
        .join(User, User.id == PaymentPlan.student_id)
        .join(Enrollment, Enrollment.id == PaymentPlan.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(one.c.unpaid > 0, kind.is_not(None), User.deleted_at.is_(None), ~sent.exists())
        .order_by(one.c.plan_id, kind, one.c.number)
    ).all()


def mark_reminded(session: Session, plan_id: int, kind: str, numbers: Collection[int]) -> list[int]:
    """Note a reminder of these installments; those that were not noted already."""
    made = session.scalars(
        insert(PaymentPlanReminder)
        .values([{"plan_id": plan_id, "number": number, "kind": kind} for number in numbers])
        .on_conflict_do_nothing()
        .returning(PaymentPlanReminder.number)
    ).all()
    return sorted(made)
