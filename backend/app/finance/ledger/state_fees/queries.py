"""SQL of base B."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import Enrollment, LedgerAccount, LedgerPosting, LedgerTransaction, Program
from app.finance.ledger import chart
from app.finance.ledger.figures.queries import between
from app.finance.ledger.queries import cents
from app.web.listing import Listing
from app.web.paging import Paging

ACCOUNTS = (*chart.BASE_ACCOUNTS, chart.WAIVERS)
_NAMES = ("tuition", "fees", "waived", "refunds")


def _sums() -> list[ColumnElement[Any]]:
    """tuition and fees as credited, waived and refunds as debited, in cents."""

    def of(code: str) -> ColumnElement[Any]:
        found = func.sum(-LedgerPosting.amount_cents).filter(LedgerAccount.code == code)
        return cents(func.coalesce(found, 0))

    figures = (of(chart.TUITION), of(chart.FEES), -of(chart.WAIVERS), -of(chart.REFUNDS))
    return [figure.label(name) for name, figure in zip(_NAMES, figures, strict=True)]


def _fiscal_year(month: int, day: int) -> ColumnElement[Any]:
    """The calendar year in which the fiscal year of a transaction ends, that begins on this month and day."""
    booked = LedgerTransaction.booked_on
    year = cast(func.extract("year", booked), Integer)
    if (month, day) == (1, 1):
        return year
    of_month, of_day = func.extract("month", booked), func.extract("day", booked)
    begun = (of_month > month) | and_(of_month == month, of_day >= day)
    return year + case((begun, 1), else_=0)


def months(
    session: Session,
    paging: Paging,
    first: date,
    last: date,
    *,
    fiscal_start: tuple[int, int],
    waived_off: bool,
) -> Listing[Any]:
    """The sums of each month and program, with the quarter and the year in which the fiscal year ends.

    Gross is tuition and fees; base is that minus refunds, and minus what was waived if `waived_off`. Sorts: month,
    program, base.
    """
    booked = LedgerTransaction.booked_on
    inner = (
        select(
            func.to_char(booked, "YYYY-MM").label("month"),
            func.to_char(booked, 'YYYY-"Q"Q').label("quarter"),
            _fiscal_year(*fiscal_start).label("fiscal_year"),
            func.coalesce(Program.name, literal("No program named")).label("program"),
            func.coalesce(Program.id, 0).label("program_id"),
            *_sums(),
        )
        .select_from(LedgerPosting)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(Enrollment, Enrollment.id == LedgerTransaction.enrollment_id)
        .outerjoin(Program, Program.id == Enrollment.program_id)
        .where(LedgerAccount.code.in_(ACCOUNTS), *between(first, last))
        .group_by("month", "quarter", "fiscal_year", Program.id)
        .subquery()
    )
    gross = inner.c.tuition + inner.c.fees
    off = inner.c.refunds + (inner.c.waived if waived_off else 0)
    rows = select(inner, gross.label("gross"), (gross - off).label("base")).subquery()
    sorts = {"month": rows.c.month, "program": func.lower(rows.c.program), "base": rows.c.base}
    statement = select(rows).where(*matches(paging.q, rows.c.program))
    order = paging.order(sorts, "-month")
    return Listing(
        session,
        statement.order_by(order, rows.c.month.desc(), rows.c.fiscal_year, rows.c.program, rows.c.program_id),
        paging,
    )


def sums(session: Session, first: date, last: date) -> Row[Any]:
    """tuition, fees, waived and refunds of a period in cents."""
    return session.execute(
        select(*_sums())
        .select_from(LedgerPosting)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerAccount.code.in_(ACCOUNTS), *between(first, last))
    ).one()


def first_day(session: Session) -> date | None:
    """The first day of the ledger."""
    return session.scalar(select(func.min(LedgerTransaction.booked_on)))
