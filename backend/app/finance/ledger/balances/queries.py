"""SQL of what other rooms ask of balances, and of their comparison with the postings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, cast, func, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from app.db.models import Enrollment, LedgerAccount, LedgerPayer, LedgerPosting, LedgerTransaction

_Reversal = aliased(LedgerTransaction)
_HOLDS = LedgerTransaction.reverses.is_(None) & _Reversal.id.is_(None)


def money_of(session: Session, enrollment_id: int) -> Sequence[Row[Any]]:
    """What was charged and paid for an enrollment and holds: id, kind, booked_on, code, cents (credits below zero),
    assigned (whether the program was named)."""
    whose = select(Enrollment.user_id).where(Enrollment.id == enrollment_id).scalar_subquery()
    return session.execute(
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.booked_on,
            LedgerAccount.code,
            LedgerPosting.amount_cents,
            LedgerTransaction.enrollment_id.is_not(None).label("assigned"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(
            LedgerTransaction.student_id == whose,
            (LedgerTransaction.enrollment_id == enrollment_id) | LedgerTransaction.enrollment_id.is_(None),
            _HOLDS,
            LedgerAccount.student_id.is_(None),
        )
        .order_by(LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line)
    ).all()


def enrollments_beside(session: Session, enrollment_id: int) -> int:
    """How many enrollments the student of this one has besides it."""
    whose = select(Enrollment.user_id).where(Enrollment.id == enrollment_id).scalar_subquery()
    return (
        session.scalar(
            select(func.count()).where(Enrollment.user_id == whose, Enrollment.id != enrollment_id)
        )
        or 0
    )


def billings_of(session: Session, payer_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """What payers were billed and what they have paid, in the order of time: payer_id, name, kind (of the payer),
    transaction_id, enrollment_id, billed (True) or paid, booked_on, cents (what is billed above zero)."""
    return session.execute(
        select(
            LedgerPayer.id.label("payer_id"),
            LedgerPayer.name,
            LedgerPayer.kind,
            LedgerTransaction.id.label("transaction_id"),
            LedgerTransaction.booked_on,
            (LedgerTransaction.kind == "payer_billing").label("billed"),
            cast(LedgerPosting.amount_cents, BigInteger).label("cents"),
        )
        .join(LedgerAccount, LedgerAccount.payer_id == LedgerPayer.id)
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(LedgerPayer.id.in_(payer_ids), _HOLDS)
        .order_by(LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line)
    ).all()


def paid_of_billing(billed_cents: ColumnElement[int]) -> ColumnElement[int]:
    """What its payer has paid so far of the billing that is the statement's transaction, in cents: their money pays the
    oldest billing first, as `service.paid_of_billings` counts it. For a part of another statement."""
    account, line, act, back = (
        aliased(LedgerAccount),
        aliased(LedgerPosting),
        aliased(LedgerTransaction),
        aliased(LedgerTransaction),
    )
    billed = act.kind == "payer_billing"
    older = tuple_(act.booked_on, act.id) < tuple_(LedgerTransaction.booked_on, LedgerTransaction.id)
    left = func.coalesce(func.sum(-line.amount_cents).filter(~billed), 0) - func.coalesce(
        func.sum(line.amount_cents).filter(billed & older), 0
    )
    return (
        select(func.greatest(0, func.least(billed_cents, left)))
        .select_from(account)
        .join(line, line.account_id == account.id)
        .join(act, act.id == line.transaction_id)
        .outerjoin(back, back.reverses == act.id)
        .where(account.payer_id == LedgerTransaction.payer_id, act.reverses.is_(None), back.id.is_(None))
        .correlate(LedgerTransaction, LedgerPosting)
        .scalar_subquery()
    )


def enrollments_paid_by(kind: str) -> Select[tuple[int]]:
    """The enrollments whose billings a payer of a kind has paid, if in part; a payer's money pays the oldest billing
    first. A billing that names no program belongs to the student's only one."""
    billed = LedgerTransaction.kind == "payer_billing"
    cents = cast(LedgerPosting.amount_cents, BigInteger)
    lines = (
        select(
            LedgerTransaction.student_id,
            LedgerTransaction.enrollment_id,
            billed.label("billed"),
            func.coalesce(func.sum(-cents).filter(~billed).over(partition_by=LedgerPayer.id), 0).label(
                "paid"
            ),
            func.coalesce(
                func.sum(cents)
                .filter(billed)
                .over(
                    partition_by=LedgerPayer.id,
                    order_by=(LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line),
                    rows=(None, -1),
                ),
                0,
            ).label("before"),
        )
        .select_from(LedgerPayer)
        .join(LedgerAccount, LedgerAccount.payer_id == LedgerPayer.id)
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(LedgerPayer.kind == kind, _HOLDS)
        .subquery()
    )
    beside = aliased(Enrollment)
    several = select(beside.id).where(beside.user_id == Enrollment.user_id, beside.id != Enrollment.id)
    return (
        select(Enrollment.id)
        .join(lines, lines.c.student_id == Enrollment.user_id)
        .where(
            lines.c.billed,
            lines.c.paid > lines.c.before,
            (lines.c.enrollment_id == Enrollment.id) | (lines.c.enrollment_id.is_(None) & ~several.exists()),
        )
    )


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
