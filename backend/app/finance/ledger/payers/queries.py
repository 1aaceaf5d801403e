"""SQL of payers."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, case, func, literal, select
from sqlalchemy.orm import Session

from app.core.constraints import register_invalid
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    Enrollment,
    IssuedDocument,
    LedgerAccount,
    LedgerBalance,
    LedgerPayer,
    LedgerReceipt,
    LedgerTransaction,
    Program,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

_PAYERS = 0x4C525041
"""The first key of an advisory lock; the second is a payer's number."""
register_invalid("uq_ledger_payers_name", "There is a payer of this name already.", "name")


def lock_payer(session: Session, payer_id: int) -> None:
    """Wait for whoever posts to this payer's account or writes a receipt of theirs, until the transaction ends."""
    take_turn(session, payer_id, among=_PAYERS)


def payers(session: Session, paging: Paging) -> Listing[Any]:
    """Payers with their balances, by name unless sorted otherwise."""
    balance = func.coalesce(LedgerBalance.balance_cents, 0)
    rows = (
        select(
            LedgerPayer.id,
            LedgerPayer.name,
            LedgerPayer.kind,
            LedgerPayer.contact,
            case((LedgerPayer.ended_at.is_(None), literal("active")), else_=literal("ended")).label("state"),
            balance.label("balance_cents"),
        )
        .outerjoin(LedgerAccount, LedgerAccount.payer_id == LedgerPayer.id)
        .outerjoin(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
        .where(*matches(paging.q, LedgerPayer.name))
    )
    sorts = {"name": func.lower(LedgerPayer.name), "kind": LedgerPayer.kind, "balance": balance}
    return Listing(session, rows.order_by(paging.order(sorts, "name"), LedgerPayer.id), paging)


def payer(session: Session, payer_id: int) -> LedgerPayer | None:
    return session.get(LedgerPayer, payer_id)


def payer_choices(session: Session) -> Sequence[Row[Any]]:
    """id and name of those that are offered, by name."""
    return session.execute(
        select(LedgerPayer.id, LedgerPayer.name)
        .where(LedgerPayer.ended_at.is_(None))
        .order_by(func.lower(LedgerPayer.name))
    ).all()


def receipts_of_payer(session: Session, payer_id: int) -> dict[int, int]:
    """The receipts of a payer's payments that hold, by transaction, in the order of the transactions."""
    rows = session.execute(
        select(LedgerReceipt.transaction_id, LedgerReceipt.document_id)
        .join(IssuedDocument, IssuedDocument.id == LedgerReceipt.document_id)
        .where(IssuedDocument.payer_id == payer_id, IssuedDocument.status == "issued")
        .order_by(LedgerReceipt.transaction_id)
    )
    return {row.transaction_id: row.document_id for row in rows}


def billed_students(session: Session, transaction_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Billings by transaction: student_id, student, program (None where none was named), memo, reference."""
    rows = session.execute(
        select(
            LedgerTransaction.id,
            LedgerTransaction.student_id,
            User.full_name.label("student"),
            Program.name.label("program"),
            LedgerTransaction.memo,
            LedgerTransaction.reference,
        )
        .join(User, User.id == LedgerTransaction.student_id)
        .outerjoin(Enrollment, Enrollment.id == LedgerTransaction.enrollment_id)
        .outerjoin(Program, Program.id == Enrollment.program_id)
        .where(LedgerTransaction.id.in_(transaction_ids))
    )
    return {row.id: row for row in rows}


def payer_balance(session: Session, payer_id: int) -> int:
    """What a payer owes, in cents."""
    return (
        session.scalar(
            select(LedgerBalance.balance_cents)
            .join(LedgerAccount, LedgerAccount.id == LedgerBalance.account_id)
            .where(LedgerAccount.payer_id == payer_id)
        )
        or 0
    )
