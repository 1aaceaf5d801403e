"""SQL of payment plans. What is paid is read from the ledger each time, so there is no second balance."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.core import own_rows
from app.core.constraints import register_conflict
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    Enrollment,
    LedgerAccount,
    LedgerBalance,
    LedgerPosting,
    LedgerTransaction,
    PaymentPlan,
    PaymentPlanInstallment,
    Program,
    User,
)
from app.db.ready import Page, Ready
from app.finance.ledger import chart
from app.finance.ledger.balances.queries import paid_of_billing
from app.finance.ledger.queries import cents
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_payment_plans_proposed",
    "Another plan was proposed for this program in the meantime. Nothing was saved; open the account again.",
)
register_conflict(
    "uq_payment_plans_in_force", "Another plan for this program is in force already. Nothing was changed."
)
register_conflict(
    "check_payment_plans_sum", "The installments do not add up to the plan, so nothing was saved."
)
_PLANS = 0x504C414E
"""The first key of an advisory lock; the second is a plan's number."""
_Reversal = aliased(LedgerTransaction)
_OPEN = PaymentPlan.ended_at.is_(None)
IN_FORCE = and_(_OPEN, PaymentPlan.agreed_at.is_not(None))


# Writing


def lock(session: Session, plan_id: int) -> None:
    """Wait for whoever changes this plan or charges its late fees, until the end of the transaction."""
    take_turn(session, plan_id, among=_PLANS)


def last_transaction(session: Session) -> int:
    """The number of the newest transaction; 0 before the first."""
    return session.scalar(select(func.max(LedgerTransaction.id))) or 0


def by_request(session: Session, request: UUID) -> PaymentPlan | None:
    return session.scalars(select(PaymentPlan).where(PaymentPlan.request == request)).one_or_none()


def rows_of(session: Session, plan_id: int) -> list[tuple[date, int]]:
    """The due dates and amounts of a plan, in their order."""
    rows = session.execute(
        select(PaymentPlanInstallment.due_on, PaymentPlanInstallment.amount_cents)
        .where(PaymentPlanInstallment.plan_id == plan_id)
        .order_by(PaymentPlanInstallment.number)
    )
    return [(row.due_on, row.amount_cents) for row in rows]


def plan(session: Session, plan_id: int) -> PaymentPlan | None:
    return session.get(PaymentPlan, plan_id, populate_existing=True)


def open_plans(session: Session, *where: ColumnElement[bool]) -> Sequence[PaymentPlan]:
    """Proposals and plans in force."""
    return session.scalars(select(PaymentPlan).where(_OPEN, *where).order_by(PaymentPlan.id)).all()


def add(session: Session, row: PaymentPlan, rows: Sequence[tuple[date, int]]) -> None:
    """Write a plan with its installments."""
    session.add(row)
    session.flush()
    session.execute(
        insert(PaymentPlanInstallment),
        [
            {"plan_id": row.id, "number": number, "due_on": day, "amount_cents": amount}
            for number, (day, amount) in enumerate(rows, 1)
        ],
    )


def end(session: Session, plan_id: int, because: str, by: int | None, moment: datetime) -> bool:
    """End an open plan; whether this call did."""
    ended = session.execute(
        update(PaymentPlan)
        .where(PaymentPlan.id == plan_id, _OPEN)
        .values(ended_at=moment, ended_because=because, ended_by=by)
        .returning(PaymentPlan.id)
    )
    return ended.first() is not None


# Reading


def _of_late_fees() -> ColumnElement[bool]:
    """Whether a transaction charges a late fee, or waives one: such a waiver pays no installment."""
    line, account = aliased(LedgerPosting), aliased(LedgerAccount)
    return exists().where(
        line.transaction_id == LedgerTransaction.id,
        account.id == line.account_id,
        account.code.in_(chart.LATE_FEE_ACCOUNTS),
    )


def _money() -> Select[Any]:
    """What pays a plan, and what of it the late fees of the plan's program take: plan_id, transaction_id, kind,
    booked_on, payer_id, late_fee (whether it is a late fee, below zero, or a waiver of one), amount, and billed, which
    is more where the plan's terms count a billing as far as its payer has paid it. The caller's conditions say which
    plans."""
    late_fee = _of_late_fees()
    waits = and_(
        LedgerTransaction.kind == "payer_billing", PaymentPlan.terms["late_fee_on"].astext == "whole_share"
    )
    return (
        select(
            PaymentPlan.id.label("plan_id"),
            LedgerTransaction.id.label("transaction_id"),
            LedgerTransaction.kind,
            LedgerTransaction.booked_on,
            LedgerTransaction.payer_id,
            late_fee.label("late_fee"),
            case(
                (waits, paid_of_billing(-LedgerPosting.amount_cents)), else_=-LedgerPosting.amount_cents
            ).label("amount"),
            (-LedgerPosting.amount_cents).label("billed"),
        )
        .select_from(PaymentPlan)
        .join(LedgerAccount, LedgerAccount.student_id == PaymentPlan.student_id)
        .join(LedgerTransaction, LedgerTransaction.student_id == PaymentPlan.student_id)
        .join(
            LedgerPosting,
            and_(
                LedgerPosting.transaction_id == LedgerTransaction.id,
                LedgerPosting.account_id == LedgerAccount.id,
            ),
        )
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(
            LedgerTransaction.id > PaymentPlan.after_transaction,
            _Reversal.id.is_(None),
            or_(
                and_(
                    LedgerTransaction.kind.in_(chart.CREDITS),
                    or_(
                        LedgerTransaction.enrollment_id == PaymentPlan.enrollment_id,
                        LedgerTransaction.enrollment_id.is_(None),
                    ),
                ),
                and_(
                    LedgerTransaction.kind == "charge",
                    LedgerTransaction.enrollment_id == PaymentPlan.enrollment_id,
                    late_fee,
                ),
            ),
        )
    )


def credits_of(session: Session, plan_id: int) -> Sequence[Row[Any]]:
    """What pays a plan: transaction_id, kind, booked_on, payer_id and amount so far, in cents. Late fees take nothing
    of it here: no late fee is charged because an earlier one is unpaid (16 CFR 444.4)."""
    return session.execute(_money().where(PaymentPlan.id == plan_id, ~_of_late_fees())).all()


def installments(*where: ColumnElement[bool]) -> Select[Any]:
    """Installments with what is unpaid, the oldest paid first: `unpaid`, and of the whole plan `waiting`, what payers
    were billed for that counts once they have paid it. Late fees that are not waived are paid before the
    installments."""
    money = _money().where(*where).subquery()
    credits_ = func.coalesce(func.sum(money.c.amount).filter(~money.c.late_fee), 0)
    fees = func.coalesce(func.sum(money.c.amount).filter(money.c.late_fee), 0)
    paid = (
        select(
            money.c.plan_id,
            (credits_ + func.least(fees, 0)).label("paid"),
            func.sum(money.c.billed - money.c.amount).label("waiting"),
        )
        .group_by(money.c.plan_id)
        .subquery()
    )
    through = func.sum(PaymentPlanInstallment.amount_cents).over(
        partition_by=PaymentPlanInstallment.plan_id, order_by=PaymentPlanInstallment.number
    )
    left = func.greatest(through - func.coalesce(paid.c.paid, 0), 0)
    return (
        select(
            PaymentPlanInstallment.plan_id,
            PaymentPlanInstallment.number,
            PaymentPlanInstallment.due_on,
            PaymentPlanInstallment.amount_cents,
            cents(func.least(PaymentPlanInstallment.amount_cents, left)).label("unpaid"),
            cents(func.coalesce(paid.c.waiting, 0)).label("waiting"),
        )
        .join(PaymentPlan, PaymentPlan.id == PaymentPlanInstallment.plan_id)
        .outerjoin(paid, paid.c.plan_id == PaymentPlan.id)
        .where(*where)
    )


def plans(session: Session, *where: ColumnElement[bool]) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """Plans with student and program, the newest first, and their installments: two statements.

    The plans are those that whoever asks may see; what pays them is counted over all students.
    """
    heads = session.execute(
        select(PaymentPlan, User.full_name.label("student"), Program.name.label("program"))
        .join(User, User.id == PaymentPlan.student_id)
        .join(Enrollment, Enrollment.id == PaymentPlan.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(*where)
        .order_by(PaymentPlan.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    if not heads:
        return heads, ()
    rows = installments(PaymentPlan.id.in_([one.PaymentPlan.id for one in heads]))
    order = (PaymentPlanInstallment.plan_id, PaymentPlanInstallment.number)
    with own_rows.beyond(session, "which billing a payer’s money pays hangs on those of other students"):
        return heads, session.execute(rows.order_by(*order)).all()


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], today: date, *, state: str | None = None
) -> Listing[Any]:
    """Plans with what is past due, since when, and what is due next. Sorts: student, program, past_due, since, next."""
    one = installments().subquery()
    late = and_(one.c.unpaid > 0, one.c.due_on < today)
    coming = and_(one.c.unpaid > 0, one.c.due_on >= today)
    sums = (
        select(
            one.c.plan_id,
            cents(func.coalesce(func.sum(one.c.unpaid), 0)).label("unpaid"),
            cents(func.coalesce(func.sum(one.c.unpaid).filter(late), 0)).label("past_due"),
            func.min(one.c.due_on).filter(late).label("since"),
            func.min(one.c.due_on).filter(coming).label("next_on"),
        )
        .group_by(one.c.plan_id)
        .subquery()
    )
    standing = case(
        (PaymentPlan.ended_at.is_not(None), literal("ended")),
        (PaymentPlan.agreed_at.is_(None), literal("proposed")),
        (sums.c.unpaid == 0, literal("paid")),
        (sums.c.past_due > 0, literal("past_due")),
        else_=literal("on_time"),
    )
    statement = (
        select(
            PaymentPlan.id,
            PaymentPlan.student_id,
            User.full_name.label("student"),
            User.email,
            Program.name.label("program"),
            PaymentPlan.total_cents,
            (PaymentPlan.total_cents - sums.c.unpaid).label("paid_cents"),
            case((PaymentPlan.ended_at.is_(None), sums.c.past_due), else_=literal(0)).label("past_due_cents"),
            case((PaymentPlan.ended_at.is_(None), sums.c.since)).label("since"),
            case((PaymentPlan.ended_at.is_(None), sums.c.next_on)).label("next_on"),
            standing.label("state"),
        )
        .join(sums, sums.c.plan_id == PaymentPlan.id)
        .join(User, User.id == PaymentPlan.student_id)
        .join(Enrollment, Enrollment.id == PaymentPlan.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(visible, *matches(paging.q, User.search_text))
    )
    if state is not None:
        statement = statement.where(standing == state)
    sorts = {
        "student": func.lower(User.full_name),
        "program": func.lower(Program.name),
        "total": PaymentPlan.total_cents,
        "past_due": sums.c.past_due,
        "since": sums.c.since,
        "next": sums.c.next_on,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "-past_due"), PaymentPlan.id), paging)


# Every morning


# Every student's first page asks for it.
_STANDING = Ready(
    select(
        select(PaymentPlan.id)
        .where(PaymentPlan.student_id == bindparam("user_id"), PaymentPlan.ended_at.is_(None))
        .exists(),
        func.coalesce(
            select(LedgerBalance.balance_cents)
            .join(LedgerAccount, LedgerAccount.id == LedgerBalance.account_id)
            .where(LedgerAccount.student_id == bindparam("user_id"))
            .scalar_subquery(),
            0,
        ),
    ),
    page=Page.STUDENTS_FIRST,
)


def standing(session: Session, student_id: int) -> tuple[bool, int]:
    """Whether a student has a plan that is proposed or in force, and the balance in cents."""
    row = _STANDING.rows(session, user_id=student_id)[0]
    return row[0], row[1]


def with_fees(session: Session, today: date) -> Sequence[int]:
    """Plans in force whose terms know a late fee, with an installment that was due before this day."""
    due = select(PaymentPlanInstallment.plan_id).where(PaymentPlanInstallment.due_on < today)
    return session.scalars(
        select(PaymentPlan.id)
        .where(
            IN_FORCE,
            PaymentPlan.terms["late_fee"].astext.not_in(("no_fee",)),
            PaymentPlan.id.in_(due),
        )
        .order_by(PaymentPlan.id)
    ).all()


def posted_for(session: Session, requests: Collection[UUID]) -> dict[UUID, int]:
    """The transactions that were posted for these acts."""
    rows = session.execute(
        select(LedgerTransaction.request, LedgerTransaction.id).where(LedgerTransaction.request.in_(requests))
    )
    return {row.request: row.id for row in rows}
