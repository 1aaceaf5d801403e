"""SQL of what other rooms ask of balances, and of their comparison with the postings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, aliased

from app.db.models import LedgerAccount, LedgerPosting, LedgerTransaction

_Reversal = aliased(LedgerTransaction)


def money_of(session: Session, enrollment_id: int) -> Sequence[Row[Any]]:
    """What was charged and paid for an enrollment and holds: id, kind, booked_on, code, cents (credits below zero)."""
    return session.execute(
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.booked_on,
            LedgerAccount.code,
            LedgerPosting.amount_cents,
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(
            LedgerTransaction.enrollment_id == enrollment_id,
            LedgerTransaction.reverses.is_(None),
            _Reversal.id.is_(None),
            LedgerAccount.student_id.is_(None),
        )
        .order_by(LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line)
    ).all()


_DIFFERENCES = text(
    "SELECT kind, number, kept, counted, count(*) OVER () AS total FROM ledger_differences()"
    " ORDER BY kind, number LIMIT :most"
)


def differences(session: Session, most: int) -> tuple[int, Sequence[Row[Any]]]:
    """How many balances and transactions are wrong, and the first `most`: kind, number, kept, counted."""
    rows = session.execute(_DIFFERENCES, {"most": most}).all()
    return (rows[0].total if rows else 0), rows


def rebuild(session: Session) -> int:
    """Add up the balances again; how many were wrong."""
    return session.scalar(text("SELECT ledger_rebuild_balances()")) or 0
