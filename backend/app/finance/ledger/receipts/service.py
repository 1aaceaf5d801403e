"""The receipt of a payment: numbered, signed, kept for good, and void once the payment is reversed.

A payer's payment has one document that belongs to the payer and names the students it was applied to. It is void, too,
once something else is posted by which the payment was applied otherwise (`superseded`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.privacy import service as privacy
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore
from app.core.money import format_cents
from app.core.permissions import Actor, Permission, Subject
from app.db.models import IssuedDocument, LedgerReceipt
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Letterhead, Offer
from app.finance.ledger import chart, policy, queries
from app.finance.ledger.balances.service import applied
from app.finance.ledger.payers import queries as payers
from app.rules.days import long_date
from app.school import service as school

KIND = "receipt"
_ACTS = UUID("5d6b7a1e-1c0a-4f0c-8a38-0a0c4e0e9c11")


def act(session: Session, subject: Actor, transaction_id: int) -> UUID:
    """Names the act of issuing this payment's next receipt, so that two people who press at once make one.

    A try that failed has used its name up. Raises NotFound.
    """
    _payment(session, subject, transaction_id)
    name = f"{transaction_id} {queries.receipt_count(session, transaction_id)}"
    found = uuid5(_ACTS, name)
    while (tried := documents.asked_before(session, found)) is not None and tried.status == "void":
        name += " again"
        found = uuid5(_ACTS, name)
    return found


def _payment(session: Session, subject: Actor, transaction_id: int) -> Row[Any]:
    row = queries.transaction(session, transaction_id)
    if row is None:
        raise NotFound(policy.NO_TRANSACTION)
    if row.student_id is not None:
        policy.require_read(session, subject, row.student_id, policy.NO_TRANSACTION)
    elif not policy.may_read_all(subject):
        raise NotFound(policy.NO_TRANSACTION)
    if row.student_id is None or subject.user_id != row.student_id:
        policy.require_post(subject)
    return row


def draft(session: Session, subject: Actor, files: FileStore, transaction_id: int) -> Draft:
    """The receipt of a payment as it was booked. Raises NotFound, Forbidden, Conflict for what is no payment."""
    row = _payment(session, subject, transaction_id)
    if row.kind not in chart.RECEIPTS:
        raise Conflict("A receipt is issued for a payment. This transaction is of another kind.")
    if row.reversed_by is not None:
        raise Conflict("This payment was reversed, so no receipt is issued for it.")
    if row.receipt_id is not None:
        raise Conflict(
            "This payment has a receipt already. Download it, or let the registrar make it void first."
        )
    letterhead = school.letterhead(session, files)
    method = chart.METHODS[row.method][0]
    pairs = [
        ["Received from", row.student or row.payer],
        ["Amount", format_cents(row.amount_cents)],
        ["Method", f"{method}, {row.reference}" if row.reference else method],
        ["Received on", long_date(row.booked_on)],
        *([["For", row.memo]] if row.memo else []),
        ["Ledger transaction", str(row.id)],
        ["Received by", row.poster or letterhead.legal_name],
    ]
    machine = {
        "amount_cents": row.amount_cents,
        "method": row.method,
        "reference": row.reference,
        "received_on": row.booked_on.isoformat(),
        "transaction": row.id,
    }
    of = _of_payer if row.kind == "payer_payment" else _of_student
    return of(session, row, letterhead, pairs, machine)


def _of_student(
    session: Session, row: Row[Any], letterhead: Letterhead, pairs: list[list[str]], machine: dict[str, Any]
) -> Draft:
    balance = queries.balance_of(session, row.student_id) or 0

    def written(session: Session, _subject: Actor, document: IssuedDocument, _day: date) -> None:
        _write(session, document, row.id)

    owed = f"Balance due as of today: {format_cents(max(balance, 0))}."
    if balance < 0:
        owed = f"Credit on the account as of today: {format_cents(-balance)}."
    return Draft(
        kind=KIND,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        letterhead=letterhead,
        facts={"facts": pairs, "applied": [], "paragraphs": [owed]},
        machine={"student": row.student, **machine, "balance_cents": balance},
        written=written,
    )


def _of_payer(
    session: Session, row: Row[Any], letterhead: Letterhead, pairs: list[list[str]], machine: dict[str, Any]
) -> Draft:
    """The receipt of a payer's payment: one document that is the payer's, with the students it was applied to."""
    parts = applied(session, row.payer_id).get(row.id, [])
    billings = payers.billed_students(session, [number for number, _cents in parts])
    balance = payers.payer_balance(session, row.payer_id)
    rest = row.amount_cents - sum(cents for _number, cents in parts)
    students = sorted({billings[number].student_id for number, _cents in parts})

    def written(session: Session, subject: Actor, document: IssuedDocument, day: date) -> None:
        _write(session, document, row.id)
        payers.lock_payer(session, row.payer_id)
        if applied(session, row.payer_id).get(row.id, []) != parts:
            raise Conflict(
                "Something was posted for this payer while the receipt was being made, which changes what the payment "
                "was applied to. No receipt was issued. Issue it again."
            )
        if students:
            privacy.record_given(
                session,
                subject,
                students,
                privacy.DisclosureFields(
                    made_on=day,
                    recipient=row.payer,
                    interest="Pays for the student, and needs a receipt for the payment",
                    records=_records(document),
                    basis="financial_aid",
                ),
            )

    owed = f"Balance that {row.payer} owes as of today: {format_cents(max(balance, 0))}."
    if balance < 0:
        owed = f"Credit of {row.payer} as of today: {format_cents(-balance)}."
    advance = [f"Received in advance, not yet billed: {format_cents(rest)}."] if rest else []
    lines = [(billings[number], cents) for number, cents in parts]
    return Draft(
        kind=KIND,
        student_id=None,
        enrollment_id=None,
        letterhead=letterhead,
        facts={
            "facts": pairs,
            "applied": [
                [
                    one.student,
                    ", ".join(part for part in (one.program, one.memo, one.reference) if part),
                    format_cents(cents),
                ]
                for one, cents in lines
            ],
            "paragraphs": [*advance, owed],
        },
        machine={
            "payer": row.payer,
            **machine,
            "applied": [
                {
                    "student": one.student,
                    "program": one.program,
                    "billing": one.id,
                    "reference": one.reference,
                    "amount_cents": cents,
                }
                for one, cents in lines
            ],
            "balance_cents": balance,
        },
        written=written,
        payer_id=row.payer_id,
    )


def _records(document: IssuedDocument) -> str:
    """What the disclosure log says that the payer received of each student."""
    return f"Name, program, and what was billed and paid: receipt {document.number}"


def _names(session: Session, document: IssuedDocument) -> Sequence[int]:
    """The students whom a payer's receipt names, as the disclosure log has them since it was issued."""
    if document.issued_at is None:
        return ()
    return privacy.students_given(session, _records(document), document.issued_at.date())


def _write(session: Session, document: IssuedDocument, transaction_id: int) -> None:
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
            "applied": [["Nguyễn Thị Bích", "Dental Assistant, Training voucher, V-7", "$1,200.00"]],
            "paragraphs": ["Balance due: $0.00."],
        },
        offers=_offers,
        again=None,
        keepers=Permission.LEDGER_POST,
        names=_names,
    )
)
