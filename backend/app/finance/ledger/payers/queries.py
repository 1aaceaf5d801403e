"""SQL of payers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, func, literal, select
from sqlalchemy.orm import Session

from app.core.constraints import register_invalid
from app.core.search import matches
from app.db.models import LedgerAccount, LedgerBalance, LedgerPayer
from app.web.listing import Listing
from app.web.paging import Paging

register_invalid("uq_ledger_payers_name", "There is a payer of this name already.", "name")


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
