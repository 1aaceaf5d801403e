"""Receipts of the demo school: what each payer paid last, and the demo student's last payment, really signed.

Apart from the rest of the school, and after its commit: a signature is never the same twice, and each needs a file.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM
from app.db.models import LedgerTransaction, User
from app.db.session import Database
from app.demo import people
from app.documents import service as documents
from app.finance.ledger.receipts import service
from app.settings import Settings


def write_receipts(database: Database, settings: Settings) -> int:
    """Issue them; how many there are."""
    files = open_store(settings)
    with database.begin() as session:
        payments = _payments(session)
        acts = {number: service.act(session, SYSTEM, number) for number in payments}
    for number, act in acts.items():
        _issue(database, files, settings, number, act)
    return len(payments)


def _issue(database: Database, files: FileStore, settings: Settings, number: int, act: UUID) -> None:
    def draft(session: Session) -> documents.Draft:
        return service.draft(session, SYSTEM, files, number)

    documents.issue(database, SYSTEM, files, settings, draft, request=act)


def _payments(session: Session) -> list[int]:
    """The last payment of each payer and of the demo student, as far as it was not reversed."""
    reversal = aliased(LedgerTransaction)
    latest = (
        select(func.max(LedgerTransaction.id))
        .outerjoin(reversal, reversal.reverses == LedgerTransaction.id)
        .outerjoin(User, User.id == LedgerTransaction.student_id)
        .where(
            reversal.id.is_(None),
            (LedgerTransaction.kind == "payer_payment")
            | ((LedgerTransaction.kind == "payment") & (User.email == people.STUDENT.email)),
        )
        .group_by(LedgerTransaction.payer_id, LedgerTransaction.student_id)
    )
    return sorted(session.scalars(latest))
