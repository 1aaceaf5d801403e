"""SQL of the figures."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.core.search import matches
from app.db.models import (
    LedgerAccount,
    LedgerBalance,
    LedgerClosing,
    LedgerPayer,
    LedgerPosting,
    LedgerTransaction,
    User,
)
from app.finance.ledger import chart
from app.finance.ledger.queries import cents
from app.web.listing import CHUNK, Listing
from app.web.paging import Paging

_Reversal = aliased(LedgerTransaction)
HOLDS = LedgerTransaction.reverses.is_(None) & ~exists().where(_Reversal.reverses == LedgerTransaction.id)
"""Neither a reversal nor reversed."""


def between(first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    found = []
    if first is not None:
        found.append(LedgerTransaction.booked_on >= first)
    if last is not None:
        found.append(LedgerTransaction.booked_on <= last)
    return found


def _aged(today: date, visible: ColumnElement[bool]) -> Select[Any]:
    """Balances that are due, by the age of the charges they are of: payments pay the oldest charge first.

    So the balance is of the newest charges, and only those of the last 90 days are looked at.
    """
    due = (
        select(LedgerAccount.id, LedgerAccount.student_id, LedgerBalance.balance_cents)
        .join(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
        .where(LedgerAccount.student_id.is_not(None), LedgerBalance.balance_cents > 0)
        .cte("due")
    )

    def newer(days: int) -> ColumnElement[Any]:
        amount = func.sum(LedgerPosting.amount_cents)
        return amount.filter(LedgerTransaction.booked_on >= today - timedelta(days=days))

    recent = (
        select(
            LedgerPosting.account_id, newer(30).label("d30"), newer(60).label("d60"), newer(90).label("d90")
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(due, due.c.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.booked_on >= today - timedelta(days=90), LedgerPosting.amount_cents > 0, HOLDS
        )
        .group_by(LedgerPosting.account_id)
        .cte("recent")
    )

    def within(column: Any) -> ColumnElement[Any]:
        return cents(func.least(due.c.balance_cents, func.coalesce(column, 0)))

    return (
        select(
            User.id,
            User.full_name,
            User.email,
            within(recent.c.d30).label("days_30"),
            (within(recent.c.d60) - within(recent.c.d30)).label("days_60"),
            (within(recent.c.d90) - within(recent.c.d60)).label("days_90"),
            (due.c.balance_cents - within(recent.c.d90)).label("older"),
            due.c.balance_cents.label("total"),
        )
        .select_from(due)
        .join(User, User.id == due.c.student_id)
        .outerjoin(recent, recent.c.account_id == due.c.id)
        .where(visible)
    )


def ageing(session: Session, paging: Paging, visible: ColumnElement[bool], today: date) -> Listing[Any]:
    """What each student owes, by age. Sorts: student, total, older."""
    aged = _aged(today, visible).where(*matches(paging.q, User.search_text)).subquery()
    sorts = {"student": func.lower(aged.c.full_name), "total": aged.c.total, "older": aged.c.older}
    # The age of the oldest part of what is owed.
    age = case((aged.c.older > 0, 4), (aged.c.days_90 > 0, 3), (aged.c.days_60 > 0, 2), else_=1).label("age")
    return Listing(session, select(aged, age).order_by(paging.order(sorts, "-total"), aged.c.id), paging)


def ageing_totals(session: Session, visible: ColumnElement[bool], today: date) -> Row[Any]:
    """days_30, days_60, days_90, older and total of everybody."""
    aged = _aged(today, visible).subquery()
    names = ("days_30", "days_60", "days_90", "older", "total")
    return session.execute(
        select(*(cents(func.coalesce(func.sum(aged.c[one]), 0)).label(one) for one in names))
    ).one()


def receipts(session: Session, paging: Paging, first: date | None, last: date | None) -> Listing[Any]:
    """What came in by day, method and account, less what was taken back or paid out, with the closing that counted it.

    Sorts: day, method, account, amount.
    """
    received = cents(func.sum(LedgerPosting.amount_cents))
    rows = (
        select(
            LedgerTransaction.booked_on.label("day"),
            LedgerTransaction.method,
            LedgerAccount.code.label("account"),
            func.count().label("count"),
            received.label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.method.is_not(None),
            LedgerAccount.code.in_({code for _name, code in chart.METHODS.values()}),
            *between(first, last),
        )
        .group_by(LedgerTransaction.booked_on, LedgerTransaction.method, LedgerAccount.code)
        .subquery()
    )
    closing = (
        select(func.min(LedgerClosing.day))
        .where(LedgerClosing.day >= rows.c.day)
        .scalar_subquery()
        .label("closing")
    )
    sorts = {"day": rows.c.day, "method": rows.c.method, "account": rows.c.account, "amount": rows.c.cents}
    statement = select(rows, closing).where(*matches(paging.q, plain=(rows.c.method,)))
    statement = statement.order_by(paging.order(sorts, "-day"), rows.c.day.desc(), rows.c.method)
    return Listing(session, statement, paging)


# The journal for accounting


def _lines(first: date | None, last: date | None) -> Select[Any]:
    return (
        select(
            LedgerTransaction.id,
            LedgerTransaction.booked_on,
            LedgerTransaction.kind,
            LedgerTransaction.memo,
            LedgerTransaction.reference,
            LedgerPosting.line,
            LedgerPosting.amount_cents,
            LedgerAccount.code,
            LedgerAccount.name.label("account"),
            User.full_name.label("student"),
            LedgerPayer.name.label("payer"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(User, User.id == LedgerTransaction.student_id)
        .outerjoin(LedgerPayer, LedgerPayer.id == LedgerTransaction.payer_id)
        .where(*between(first, last))
    )


def lines(session: Session, paging: Paging, first: date | None, last: date | None) -> Listing[Any]:
    """Every line of the journal, the oldest first. Sorts: day, account."""
    statement = _lines(first, last).where(*matches(paging.q, LedgerTransaction.memo, LedgerAccount.name))
    sorts = {"day": LedgerTransaction.booked_on, "account": LedgerAccount.code}
    order = paging.order(sorts, "day")
    return Listing(session, statement.order_by(order, LedgerTransaction.id, LedgerPosting.line), paging)


def every_line(session: Session, first: date | None, last: date | None) -> Iterator[Row[Any]]:
    """The same from a cursor, a transaction's lines together."""
    statement = _lines(first, last).order_by(
        LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line
    )
    yield from session.execute(statement.execution_options(yield_per=CHUNK))


def account_totals(session: Session, first: date | None, last: date | None) -> Sequence[Row[Any]]:
    """code, kind and cents of each account with a line in the period, added up by the database."""
    return session.execute(
        select(
            LedgerAccount.code, LedgerAccount.kind, cents(func.sum(LedgerPosting.amount_cents)).label("cents")
        )
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(*between(first, last))
        .group_by(LedgerAccount.id)
        .order_by(LedgerAccount.code)
    ).all()
