"""SQL of the tax form: sums by student and calendar year.

Each transaction counts in the year in which it was booked, a reversal too: a year that was filed stays as it was.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Row, any_, case, cast, func, literal, select
from sqlalchemy.orm import Session, aliased

from app.db.models import LedgerAccount, LedgerPosting, LedgerTransaction, User
from app.finance.ledger import chart
from app.finance.ledger.queries import account_numbers, cents

_YEAR = cast(func.extract("year", LedgerTransaction.booked_on), Integer)
_Reversal, _Reversed = aliased(LedgerTransaction), aliased(LedgerTransaction)
MONEY = tuple(dict.fromkeys(code for _name, code in chart.METHODS.values()))


def sums(session: Session, year: int, qualified: Sequence[str]) -> Sequence[Row[Any]]:
    """student_id, year, billed, paid and grants in cents of each student: of this year, and of all before it as one.

    Billed is what the accounts `qualified` were credited; paid what came in from the student, less what was paid back
    to them; grants are scholarships, less what of a refund went back to payers.
    """
    number = account_numbers(session, (*qualified, *MONEY, chart.SCHOLARSHIPS))
    account, to_payer = LedgerPosting.account_id, LedgerTransaction.payer_id.is_not(None)
    money = account.in_([number[code] for code in MONEY])

    def of(sign: int, condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return cents(sign * func.coalesce(func.sum(LedgerPosting.amount_cents).filter(condition), 0))

    in_year = case((LedgerTransaction.booked_on >= date(year, 1, 1), year), else_=year - 1).label("year")
    return session.execute(
        select(
            LedgerTransaction.student_id,
            in_year,
            of(-1, account.in_([number[code] for code in qualified if code in number])).label("billed"),
            of(1, money & ~to_payer).label("paid"),
            of(1, (account == number[chart.SCHOLARSHIPS]) | (money & to_payer)).label("grants"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .where(
            LedgerTransaction.student_id.is_not(None),
            LedgerTransaction.booked_on <= date(year, 12, 31),
            account.in_(number.values()),
        )
        .group_by(LedgerTransaction.student_id, "year")
    ).all()


def billings(session: Session, last: int) -> Sequence[Row[Any]]:
    """payer_id, student_id, cents, year and reversed_in of what payers were billed through a year, the oldest first.

    `reversed_in` is the year in which it was taken back, None where it holds at the end of the last one.
    """
    return session.execute(
        select(
            LedgerTransaction.payer_id,
            LedgerTransaction.student_id,
            LedgerPosting.amount_cents.label("cents"),
            _YEAR.label("year"),
            cast(func.extract("year", _Reversal.booked_on), Integer).label("reversed_in"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(
            _Reversal,
            (_Reversal.reverses == LedgerTransaction.id) & (_Reversal.booked_on <= date(last, 12, 31)),
        )
        .where(
            LedgerTransaction.kind == "payer_billing",
            LedgerAccount.payer_id == LedgerTransaction.payer_id,
            LedgerPosting.amount_cents > 0,
            LedgerTransaction.booked_on <= date(last, 12, 31),
        )
        .order_by(LedgerTransaction.payer_id, LedgerTransaction.booked_on, LedgerTransaction.id)
    ).all()


def received(session: Session, last: int) -> Sequence[Row[Any]]:
    """payer_id, year and cents of what payers have paid, through a year; what was taken back counts in its own year."""
    return session.execute(
        select(
            LedgerTransaction.payer_id,
            _YEAR.label("year"),
            cents(func.sum(-LedgerPosting.amount_cents)).label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(_Reversed, _Reversed.id == LedgerTransaction.reverses)
        .where(
            func.coalesce(_Reversed.kind, LedgerTransaction.kind) == "payer_payment",
            LedgerAccount.payer_id == LedgerTransaction.payer_id,
            LedgerTransaction.booked_on <= date(last, 12, 31),
        )
        .group_by(LedgerTransaction.payer_id, _YEAR)
    ).all()


def students(session: Session, user_ids: Sequence[int], visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """id, full_name and email of these students, by name."""
    return session.execute(
        select(User.id, User.full_name, User.email)
        .where(User.id == any_(literal(list(user_ids), ARRAY(Integer))), visible)
        .order_by(func.lower(User.full_name), User.id)
    ).all()


def first_year(session: Session) -> int | None:
    """The first calendar year of the ledger."""
    return session.scalar(select(cast(func.extract("year", func.min(LedgerTransaction.booked_on)), Integer)))
