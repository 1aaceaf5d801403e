"""SQL of deferred revenue."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, and_, case, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.db.models import (
    Enrollment,
    LedgerPosting,
    LedgerTransaction,
    Program,
    Refund,
    User,
    Withdrawal,
)
from app.finance.ledger import chart
from app.finance.ledger.queries import account_numbers, cents

ACCOUNTS = (chart.TUITION, chart.FEES, chart.REFUNDS, chart.WAIVERS)
"""What was charged for hours, and what was taken off it; kits and the like and their waivers are not for hours."""


def charged(session: Session, day: date, zone: ZoneInfo, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Each enrollment to which tuition or fees were charged by the end of a day, by name of the student.

    Rows have user_id, full_name, email, enrollment_id, program, cents, standing, attended, transferred and clock_hours.
    What names no enrollment is its student's only one's, as for a refund; a row of its own where they have none or
    several.
    """
    numbers = account_numbers(session, ACCOUNTS).values()
    posted = (
        select(
            LedgerTransaction.enrollment_id,
            LedgerTransaction.student_id,
            func.sum(-LedgerPosting.amount_cents).label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .where(LedgerPosting.account_id.in_(numbers), LedgerTransaction.booked_on <= day)
        .group_by(LedgerTransaction.enrollment_id, LedgerTransaction.student_id)
        .cte("posted")
    )
    only = (
        select(Enrollment.user_id, func.min(Enrollment.id).label("id"))
        .group_by(Enrollment.user_id)
        .having(func.count() == 1)
        .cte("only")
    )
    whose = func.coalesce(posted.c.enrollment_id, only.c.id)
    sums = (
        select(
            whose.label("enrollment_id"), posted.c.student_id, cents(func.sum(posted.c.cents)).label("cents")
        )
        .outerjoin(only, and_(posted.c.enrollment_id.is_(None), only.c.user_id == posted.c.student_id))
        .group_by(whose, posted.c.student_id)
        .cte("charged")
    )

    def local(moment: Any) -> ColumnElement[date]:
        return cast(func.timezone(zone.key, moment), Date)

    of_withdrawal = (
        Withdrawal.enrollment_id == sums.c.enrollment_id,
        local(Withdrawal.admin_processed_at) <= day,
    )
    # A credit is booked on the next open day where the day of the approval was closed already.
    credited_on = func.coalesce(LedgerTransaction.booked_on, local(Refund.approved_at))
    to_be_posted = (
        select(Refund.id)
        .join(Withdrawal, Withdrawal.id == Refund.withdrawal_id)
        .outerjoin(LedgerTransaction, LedgerTransaction.id == Refund.credit_transaction_id)
        .where(*of_withdrawal, Refund.amount_cents > 0, credited_on.is_(None) | (credited_on > day))
        .correlate(sums)
        .exists()
    )
    hours = attendance.minutes_through(day).subquery("hours")
    return session.execute(
        select(
            User.id.label("user_id"),
            User.full_name,
            User.email,
            sums.c.enrollment_id,
            func.coalesce(Program.name, literal("No program named")).label("program"),
            sums.c.cents,
            case(
                (sums.c.enrollment_id.is_(None), "no_program"),
                (Enrollment.completed_at <= day, "completed"),
                (to_be_posted, "refund_pending"),
                (exists().where(*of_withdrawal), "withdrawn"),
                else_="active",
            ).label("standing"),
            cents(func.coalesce(hours.c.attended, 0)).label("attended"),
            cents(func.coalesce(hours.c.transferred, 0)).label("transferred"),
            Program.clock_hours,
        )
        .select_from(sums)
        .join(User, User.id == sums.c.student_id)
        .outerjoin(Enrollment, Enrollment.id == sums.c.enrollment_id)
        .outerjoin(Program, Program.id == Enrollment.program_id)
        .outerjoin(hours, hours.c.enrollment_id == sums.c.enrollment_id)
        .where(visible)
        .order_by(func.lower(User.full_name), User.id, sums.c.enrollment_id)
    ).all()


def in_ledger(session: Session, day: date) -> int:
    """What the ledger holds on those accounts at the end of a day, in cents."""
    total = session.scalar(
        select(cents(func.sum(-LedgerPosting.amount_cents)))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(
            LedgerPosting.account_id.in_(account_numbers(session, ACCOUNTS).values()),
            LedgerTransaction.booked_on <= day,
        )
    )
    return total or 0
