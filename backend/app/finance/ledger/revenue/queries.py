"""SQL of deferred revenue."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, case, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.db.models import (
    Enrollment,
    LedgerAccount,
    LedgerPosting,
    LedgerTransaction,
    Program,
    User,
    Withdrawal,
)
from app.finance.ledger import chart
from app.finance.ledger.queries import cents

ACCOUNTS = (chart.TUITION, chart.FEES, chart.REFUNDS, chart.WAIVERS)
"""What was charged for hours, and what was taken off it."""


def charged(session: Session, day: date, zone: ZoneInfo, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Each enrollment to which tuition or fees were charged by the end of a day, by name of the student.

    Rows have user_id, full_name, email, enrollment_id, program, cents, standing, attended, transferred and clock_hours.
    What names no enrollment is a row of its student's, with none.
    """
    sums = (
        select(
            LedgerTransaction.enrollment_id,
            LedgerTransaction.student_id,
            cents(func.sum(-LedgerPosting.amount_cents)).label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerAccount.code.in_(ACCOUNTS), LedgerTransaction.booked_on <= day)
        .group_by(LedgerTransaction.enrollment_id, LedgerTransaction.student_id)
        .cte("charged")
    )
    processed = exists().where(
        Withdrawal.enrollment_id == sums.c.enrollment_id,
        cast(func.timezone(zone.key, Withdrawal.admin_processed_at), Date) <= day,
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
                (processed, "withdrawn"),
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
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerAccount.code.in_(ACCOUNTS), LedgerTransaction.booked_on <= day)
    )
    return total or 0
