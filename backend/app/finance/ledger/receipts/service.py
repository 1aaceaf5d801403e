"""The receipt of a payment: numbered, signed, kept for good, and void once the payment is reversed."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound
from app.core.files import FileStore
from app.core.money import format_cents
from app.core.permissions import Actor, Permission, Subject
from app.db.models import IssuedDocument, LedgerReceipt
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.finance.ledger import chart, policy, queries
from app.school import service as school
from app.web.formats import long_date

KIND = "receipt"
_ACTS = UUID("5d6b7a1e-1c0a-4f0c-8a38-0a0c4e0e9c11")


def act(session: Session, subject: Subject, transaction_id: int) -> UUID:
    """Names the act of issuing this payment's next receipt, so that two people who press at once make one.

    Raises NotFound.
    """
    _payment(session, subject, transaction_id)
    return uuid5(_ACTS, f"{transaction_id} {queries.receipt_count(session, transaction_id)}")


def _payment(session: Session, subject: Actor, transaction_id: int) -> Row[Any]:
    row = queries.transaction(session, transaction_id)
    if row is None or row.student_id is None:
        raise NotFound(policy.NO_TRANSACTION)
    policy.require_read(session, subject, row.student_id, policy.NO_TRANSACTION)
    if subject.user_id != row.student_id:
        policy.require_post(subject)
    return row


def draft(session: Session, subject: Actor, files: FileStore, transaction_id: int) -> Draft:
    """The receipt of a payment as it was booked. Raises NotFound, Forbidden, Conflict for what is no payment."""
    row = _payment(session, subject, transaction_id)
    if row.kind != "payment":
        raise Conflict("A receipt is issued for a payment. This transaction is of another kind.")
    if row.reversed_by is not None:
        raise Conflict("This payment was reversed, so no receipt is issued for it.")
    if row.receipt_id is not None:
        raise Conflict(
            "This payment has a receipt already. Download it, or let the registrar make it void first."
        )
    letterhead = school.letterhead(session, files)
    balance = queries.balance_of(session, row.student_id) or 0
    method = chart.METHODS[row.method][0]
    pairs = [
        ["Received from", row.student],
        ["Amount", format_cents(row.amount_cents)],
        ["Method", f"{method}, {row.reference}" if row.reference else method],
        ["Received on", long_date(row.booked_on)],
        ["For", row.memo],
        ["Ledger transaction", str(row.id)],
        ["Received by", row.poster or letterhead.legal_name],
    ]

    def written(session: Session, _subject: Actor, document: IssuedDocument, _day: date) -> None:
        # The file was made without a connection: meanwhile the payment may have been reversed, or have got a receipt.
        queries.lock_payment(session, transaction_id)
        now = queries.transaction(session, transaction_id)
        if now is None or now.reversed_by is not None or now.receipt_id is not None:
            raise Conflict(
                "This payment was reversed, or another receipt was issued for it, while this one was being made. "
                "No second receipt was issued."
            )
        session.add(LedgerReceipt(document_id=document.id, transaction_id=transaction_id))
        session.flush()

    owed = f"Balance due as of today: {format_cents(max(balance, 0))}."
    if balance < 0:
        owed = f"Credit on the account as of today: {format_cents(-balance)}."
    return Draft(
        kind=KIND,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        letterhead=letterhead,
        facts={"facts": pairs, "paragraphs": [owed]},
        machine={
            "student": row.student,
            "amount_cents": row.amount_cents,
            "method": row.method,
            "reference": row.reference,
            "received_on": row.booked_on.isoformat(),
            "transaction": row.id,
            "balance_cents": balance,
        },
        written=written,
    )


def _offers(_session: Session, _subject: Subject, _student_id: int) -> Sequence[Offer]:
    """Receipts are issued from the payment itself."""
    return ()


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="RC",
        title="Receipt",
        layout="receipt.typ",
        sample={
            "facts": [["Received from", "Nguyễn Thị Bích"], ["Amount", "$1,200.00"]],
            "paragraphs": ["Balance due: $0.00."],
        },
        offers=_offers,
        again=None,
        keepers=Permission.LEDGER_POST,
    )
)
