"""SQL of refund cases."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    Enrollment,
    Program,
    Refund,
    RefundComputation,
    RefundRemittance,
    User,
    Withdrawal,
)
from app.web import queue
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("uq_refunds_withdrawal_id", "This withdrawal has a refund already. Nothing was changed.")
register_conflict(
    "uq_refund_remittances_payee", "This payee has been paid already. Nothing was paid a second time."
)
register_conflict(
    "uq_refund_remittances_request", "This form was sent before. Nothing was paid a second time."
)
register_conflict(
    "check_refund_remittances_approved", "The refund is not approved, so nothing can be paid out yet."
)
register_conflict(
    "check_refund_remittances_total", "That is more than the refund. Nothing was paid; open the refund again."
)
register_conflict("check_refunds_persons", "Someone other than the person who computed a refund approves it.")
register_conflict("check_refunds_order", "The refund has changed in the meantime. Open it again.")

STATES = {
    "to_approve": "Waiting for approval",
    "to_approve_again": "Waiting for the second approval",
    "sent_back": "Sent back",
    "to_remit": "To be paid out",
    "remitted": "Paid out",
    "nothing_owed": "Nothing owed",
}
_LEFT = func.coalesce(Withdrawal.withdrawn_at, Withdrawal.requested_at)
"""The moment that the refund goes by."""
STUDENT = Withdrawal.user_id
"""The column that says whose a refund is."""
_TO_APPROVE = Refund.approved_at.is_(None) & Refund.rejected_at.is_(None)
_OF_SYSTEM = Refund.due_on.is_not(None)
OPEN = _OF_SYSTEM & Refund.remitted_at.is_(None) & (Refund.approved_at.is_(None) | (Refund.amount_cents > 0))
"""Neither paid out nor found to be nothing."""
_STATE = case(
    (Refund.remitted_at.is_not(None), "remitted"),
    (Refund.rejected_at.is_not(None), "sent_back"),
    (Refund.approved_at.is_not(None) & (Refund.amount_cents == 0), "nothing_owed"),
    (Refund.approved_at.is_not(None), "to_remit"),
    (Refund.endorsed_at.is_not(None), "to_approve_again"),
    else_="to_approve",
)


def enrolled(session: Session, enrollment_id: int) -> Row[Any]:
    """The enrollment as a refund needs it: enrolled_at, program, tuition_amount_cents, duration_weeks,
    full_name."""
    return session.execute(
        select(
            Enrollment.enrolled_at,
            Program.name.label("program"),
            Program.tuition_amount_cents,
            Program.duration_weeks,
            User.full_name,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .join(User, User.id == Enrollment.user_id)
        .where(Enrollment.id == enrollment_id)
    ).one()


# One refund


def add(session: Session, row: Refund | RefundComputation | RefundRemittance) -> None:
    """Write a row."""
    session.add(row)
    session.flush()


def lock(session: Session, refund_id: int) -> Refund | None:
    """The refund, locked until the end of the transaction; None for what the system did not compute."""
    return session.scalars(
        select(Refund)
        .where(Refund.id == refund_id, _OF_SYSTEM)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def of_withdrawal(session: Session, withdrawal_id: int) -> Refund | None:
    """The refund of a withdrawal that the system computed."""
    return session.scalars(
        select(Refund).where(Refund.withdrawal_id == withdrawal_id, _OF_SYSTEM)
    ).one_or_none()


def computations(session: Session, refund_id: int) -> Sequence[RefundComputation]:
    """Every computation, the newest first."""
    return session.scalars(
        select(RefundComputation)
        .where(RefundComputation.refund_id == refund_id)
        .order_by(RefundComputation.number.desc())
    ).all()


def remittances(session: Session, refund_id: int) -> Sequence[RefundRemittance]:
    """Every remittance, the newest first; those that came back, too."""
    return session.scalars(
        select(RefundRemittance)
        .where(RefundRemittance.refund_id == refund_id)
        .order_by(RefundRemittance.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def remittance_by_request(session: Session, request: UUID) -> RefundRemittance | None:
    """What was paid for this act already."""
    return session.scalars(select(RefundRemittance).where(RefundRemittance.request == request)).one_or_none()


# Lists

_Computer, _Approver, _Endorser = aliased(User), aliased(User), aliased(User)


def _days_left(today: date) -> ColumnElement[int | None]:
    return case((OPEN, Refund.due_on - literal(today, Date)), else_=null())


def rows(zone: ZoneInfo, today: date) -> Select[Any]:
    """Refunds with their student, program and timeliness.

    `days` from the withdrawal to the payment, `on_time` whether that was by the day it was due: None while it is open
    and not overdue, False once it is overdue.
    """
    withdrawn_on = cast(func.timezone(zone.key, _LEFT), Date)
    remitted_on = cast(func.timezone(zone.key, Refund.remitted_at), Date)
    return (
        select(
            Refund.id,
            Refund.withdrawal_id,
            Withdrawal.enrollment_id,
            Withdrawal.user_id.label("student_id"),
            User.full_name.label("student"),
            User.email,
            Program.name.label("program"),
            _STATE.label("state"),
            Refund.amount_cents,
            Refund.policy_basis,
            withdrawn_on.label("withdrawn_on"),
            Refund.due_on,
            Refund.created_at,
            Withdrawal.entered_by,
            Withdrawal.processed_by,
            _Computer.full_name.label("computer"),
            Refund.endorsed_at,
            Refund.endorsed_by,
            _Endorser.full_name.label("endorser"),
            Refund.approved_at,
            _Approver.full_name.label("approver"),
            Refund.rejected_at,
            Refund.rejection,
            Refund.remitted_at,
            remitted_on.label("remitted_on"),
            (remitted_on - withdrawn_on).label("days"),
            _days_left(today).label("days_left"),
            case(
                (Refund.remitted_at.is_not(None), remitted_on <= Refund.due_on),
                (OPEN & (Refund.due_on < today), False),
                else_=null(),
            ).label("on_time"),
            Refund.letter_id,
        )
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .join(User, User.id == Withdrawal.user_id)
        .join(Enrollment, Enrollment.id == Withdrawal.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(_Computer, _Computer.id == Refund.computed_by)
        .outerjoin(_Approver, _Approver.id == Refund.approved_by)
        .outerjoin(_Endorser, _Endorser.id == Refund.endorsed_by)
        .where(_OF_SYSTEM)
    )


def one(session: Session, refund_id: int, zone: ZoneInfo, today: date) -> Row[Any] | None:
    """One refund, as in the lists."""
    return session.execute(rows(zone, today).where(Refund.id == refund_id)).one_or_none()


def of_student(session: Session, student_id: int, zone: ZoneInfo, today: date) -> Sequence[Row[Any]]:
    """A student's refunds, the newest first."""
    return session.execute(
        rows(zone, today).where(Withdrawal.user_id == student_id).order_by(Refund.id.desc())
    ).all()


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    zone: ZoneInfo,
    today: date,
    *,
    state: str | None = None,
    timely: str | None = None,
    program_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Listing[Any]:
    """Refunds: the open ones by the days left, then the others, the newest first. `timely`: on_time, late or overdue;
    `first` and `last` are of the withdrawal."""
    found = rows(zone, today).where(
        visible, *matches(paging.q, User.full_name, User.email, Program.name, cast(Refund.id, Text))
    )
    withdrawn_on = cast(func.timezone(zone.key, _LEFT), Date)
    remitted_on = cast(func.timezone(zone.key, Refund.remitted_at), Date)
    if state in STATES:
        found = found.where(_STATE.in_([state]))
    if timely == "on_time":
        found = found.where(remitted_on <= Refund.due_on)
    elif timely == "late":
        found = found.where(remitted_on > Refund.due_on)
    elif timely == "overdue":
        found = found.where(OPEN, Refund.due_on < today)
    if program_id is not None:
        found = found.where(Enrollment.program_id == program_id)
    if first is not None:
        found = found.where(withdrawn_on >= first)
    if last is not None:
        found = found.where(withdrawn_on <= last)
    sorts = {
        "number": Refund.id,
        "student": func.lower(User.full_name),
        "program": Program.name,
        "amount": Refund.amount_cents,
        "withdrawn": _LEFT,
        "due": Refund.due_on,
        "days_left": _days_left(today),
        "remitted": Refund.remitted_at,
        "state": _STATE,
    }
    return Listing(session, found.order_by(paging.order(sorts, "days_left"), Refund.id.desc()), paging)


def totals(session: Session, visible: ColumnElement[bool], today: date) -> Row[Any]:
    """open, overdue, owed (cents of the open ones)."""
    return session.execute(
        select(
            func.count().filter(OPEN).label("open"),
            func.count().filter(OPEN, Refund.due_on < today).label("overdue"),
            cast(func.coalesce(func.sum(Refund.amount_cents).filter(OPEN), 0), Integer).label("owed"),
        )
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .where(visible)
    ).one()


def waiting(visible: ColumnElement[bool], condition: ColumnElement[bool]) -> Select[Any]:
    """What waits, for the queue, and what is to do."""
    to_do = case(
        (Refund.rejected_at.is_not(None), "Compute the refund again"),
        (Refund.approved_at.is_not(None), "Pay out the refund"),
        else_="Approve the refund",
    )
    return (
        select(
            *queue.line(
                number=Refund.id,
                student_id=Withdrawal.user_id,
                about=User.full_name,
                what=to_do + " · " + Program.name,
                since=Refund.created_at,
                due_on=Refund.due_on,
                href=func.concat("/refunds/", Refund.id),
            )
        )
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .join(User, User.id == Withdrawal.user_id)
        .join(Enrollment, Enrollment.id == Withdrawal.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(OPEN, condition, visible)
    )


TO_APPROVE = _TO_APPROVE
TO_HANDLE = (Refund.approved_at.is_not(None)) | Refund.rejected_at.is_not(None)
"""What the bursar does: pay out, or compute again what was sent back."""


def to_warn(session: Session, today: date, days: Sequence[int], most: int) -> Sequence[Row[Any]]:
    """Open refunds whose next warning is due; `days` left of each warning, the first one first."""
    due = case(
        *((Refund.warnings == number, literal(left)) for number, left in enumerate(days)), else_=literal(-1)
    )
    return session.execute(
        select(
            Refund.id,
            Refund.due_on,
            Refund.warnings,
            Refund.amount_cents,
            Withdrawal.user_id.label("student_id"),
            Withdrawal.enrollment_id,
            User.full_name.label("student"),
            Program.name.label("program"),
            _STATE.label("state"),
        )
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .join(User, User.id == Withdrawal.user_id)
        .join(Enrollment, Enrollment.id == Withdrawal.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(
            OPEN,
            Refund.due_on <= today + timedelta(days=max(days)),
            Refund.warnings < len(days),
            Refund.due_on - literal(today, Date) <= due,
        )
        .order_by(Refund.due_on, Refund.id)
        .limit(most)
        .with_for_update(of=Refund, skip_locked=True)
    ).all()


def set_warnings(session: Session, refund_id: int, number: int) -> None:
    """So many warnings were sent."""
    session.get_one(Refund, refund_id).warnings = number
    session.flush()
