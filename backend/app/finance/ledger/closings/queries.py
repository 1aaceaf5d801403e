"""SQL of closings."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import LedgerAccount, LedgerClosing, LedgerPosting, LedgerTransaction, User
from app.finance.ledger import chart
from app.finance.ledger.queries import cents
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("pk_ledger_closings", "This day was closed already. Nothing was changed.")


def received(session: Session, after: date | None, last: date) -> Sequence[Row[Any]]:
    """What came in by each method after a day, through another: method, count, cents; reversals are taken off."""
    statement = (
        select(
            LedgerTransaction.method,
            func.count().label("count"),
            cents(func.sum(LedgerPosting.amount_cents)).label("cents"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(
            LedgerTransaction.method.is_not(None),
            LedgerTransaction.booked_on <= last,
            LedgerAccount.code.in_({code for _name, code in chart.METHODS.values()}),
        )
        .group_by(LedgerTransaction.method)
    )
    if after is not None:
        statement = statement.where(LedgerTransaction.booked_on > after)
    return session.execute(statement).all()


def add(session: Session, row: LedgerClosing) -> None:
    """Close a day."""
    session.add(row)
    session.flush()


def listing(session: Session, paging: Paging) -> Listing[Any]:
    """Closed days with who counted, the newest first unless sorted otherwise."""
    statement = select(
        LedgerClosing.day,
        LedgerClosing.expected_cents,
        LedgerClosing.counted_cents,
        (LedgerClosing.counted_cents - LedgerClosing.expected_cents).label("difference_cents"),
        LedgerClosing.receipts_cents,
        LedgerClosing.note,
        LedgerClosing.closed_at,
        User.full_name.label("closer"),
    ).outerjoin(User, User.id == LedgerClosing.closed_by)
    statement = statement.where(*matches(paging.q, LedgerClosing.note))
    sorts = {
        "day": LedgerClosing.day,
        "difference": LedgerClosing.counted_cents - LedgerClosing.expected_cents,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "-day"), LedgerClosing.day.desc()), paging)
