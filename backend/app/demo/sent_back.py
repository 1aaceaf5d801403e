"""A refund of the demo school that was approved and then sent back, by the service as an administrator does it.

After the school's commit, because its credit is reversed in the ledger on the day it is sent back.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Refund
from app.db.session import Database
from app.demo import people
from app.demo.subjects import subject_of
from app.finance.refunds.cases import service
from app.finance.refunds.cases.schemas import RejectionForm

_WRONG = "The textbooks came back unused: they are refundable and are missing from the computation."


def send_refund_back(database: Database) -> int | None:
    """Its number; None where no more than one refund waits to be paid out, which then stays for that."""
    with database.begin() as session:
        waiting = _to_pay_out(session)
        if len(waiting) < 2:
            return None
        admin = subject_of(session, people.ADMIN.email)
        return service.reject(session, admin, waiting[-1], RejectionForm(rejection=_WRONG)).id


def _to_pay_out(session: Session) -> list[int]:
    """Approved, with money in it; the latest last."""
    return list(
        session.scalars(
            select(Refund.id)
            .where(
                Refund.approved_at.is_not(None),
                Refund.remitted_at.is_(None),
                Refund.amount_cents > 0,
            )
            .order_by(Refund.created_at, Refund.id)
        )
    )
