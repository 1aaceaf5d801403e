"""SQL of the tax form: sums by student and calendar year."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, cast, func, select
from sqlalchemy.orm import Session

from app.db.models import LedgerAccount, LedgerPosting, LedgerTransaction, User
from app.finance.ledger import chart
from app.finance.ledger.figures.queries import HOLDS
from app.finance.ledger.queries import cents

_YEAR = cast(func.extract("year", LedgerTransaction.booked_on), Integer)
MONEY = tuple(dict.fromkeys(code for _name, code in chart.METHODS.values()))


def sums(session: Session, last: int, qualified: Sequence[str]) -> Sequence[Row[Any]]:
    """student_id, year, billed, paid and grants in cents of each student and year, through a year.

    Billed is what the accounts `qualified` were credited; paid what came in from the student, less what was paid back.
    """

    def of(codes: Sequence[str], sign: int) -> ColumnElement[Any]:
        found = func.sum(sign * LedgerPosting.amount_cents).filter(LedgerAccount.code.in_(codes))
        return cents(func.coalesce(found, 0))

    return session.execute(
        select(
            LedgerTransaction.student_id,
            _YEAR.label("year"),
            of(qualified, -1).label("billed"),
            of(MONEY, 1).label("paid"),
            of([chart.SCHOLARSHIPS], 1).label("grants"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.student_id.is_not(None),
            last >= _YEAR,
            LedgerAccount.code.in_((*qualified, *MONEY, chart.SCHOLARSHIPS)),
        )
        .group_by(LedgerTransaction.student_id, _YEAR)
    ).all()


def billings(session: Session) -> Sequence[Row[Any]]:
    """payer_id, student_id and cents of what payers were billed and what holds, the oldest first."""
    return session.execute(
        select(
            LedgerTransaction.payer_id,
            LedgerTransaction.student_id,
            LedgerPosting.amount_cents.label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.kind == "payer_billing",
            LedgerAccount.payer_id == LedgerTransaction.payer_id,
            LedgerPosting.amount_cents > 0,
            HOLDS,
        )
        .order_by(LedgerTransaction.payer_id, LedgerTransaction.booked_on, LedgerTransaction.id)
    ).all()


def received(session: Session, last: int) -> Sequence[Row[Any]]:
    """payer_id, year and cents of what payers have paid, through a year, in the years of the payments that hold."""
    return session.execute(
        select(
            LedgerTransaction.payer_id,
            _YEAR.label("year"),
            cents(func.sum(-LedgerPosting.amount_cents)).label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.kind == "payer_payment",
            LedgerAccount.payer_id == LedgerTransaction.payer_id,
            HOLDS,
            last >= _YEAR,
        )
        .group_by(LedgerTransaction.payer_id, _YEAR)
    ).all()


def students(session: Session, user_ids: Sequence[int], visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """id, full_name and email of these students, by name."""
    return session.execute(
        select(User.id, User.full_name, User.email)
        .where(User.id.in_(user_ids), visible)
        .order_by(func.lower(User.full_name), User.id)
    ).all()


def years(session: Session) -> tuple[int | None, int | None]:
    """The first and last calendar year of the ledger."""
    row = session.execute(
        select(
            cast(func.extract("year", func.min(LedgerTransaction.booked_on)), Integer),
            cast(func.extract("year", func.max(LedgerTransaction.booked_on)), Integer),
        )
    ).one()
    return row[0], row[1]
