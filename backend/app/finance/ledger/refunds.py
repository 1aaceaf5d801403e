"""What a refund does to the ledger: the steps of the rooms that approve and remit it, in their transactions."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.core.permissions import Actor, internal
from app.db.models import LedgerTransaction
from app.finance.ledger import chart, queries
from app.finance.ledger.posting import post
from app.finance.ledger.schemas import Entry


@internal("a step of approving a refund, in the transaction that approves it")
def hold_still(session: Session) -> None:
    """Wait for those who are posting, and let nobody post until the end of the transaction: what the account says
    afterwards is what the refund is approved by."""
    queries.stop_posting(session)


@internal("a step of approving a refund, in the transaction that approves it")
def credit_refund(
    session: Session,
    subject: Actor,
    student_id: int,
    *,
    enrollment_id: int,
    tuition_and_fees_cents: int,
    other_cents: int,
    memo: str,
    request: UUID,
) -> LedgerTransaction:
    """Credit a student what is refunded. The two parts are kept apart, because the base of state fees is tuition and
    fees minus refunds."""
    total = tuition_and_fees_cents + other_cents
    parts = ((chart.REFUNDS, tuition_and_fees_cents), (chart.OTHER_REFUNDS, other_cents))
    lines = (*((code, cents) for code, cents in parts if cents), (chart.student_code(student_id), -total))
    return post(
        session,
        subject,
        Entry("refund", request, memo, lines, student_id=student_id, enrollment_id=enrollment_id),
    )


@internal("a step of remitting a refund, in the transaction that remits it")
def pay_out(
    session: Session,
    subject: Actor,
    student_id: int,
    *,
    enrollment_id: int,
    amount_cents: int,
    method: str,
    reference: str | None,
    memo: str,
    request: UUID,
    payer_id: int | None = None,
) -> LedgerTransaction:
    """Pay a refund out: the student's account is debited, the money's account credited. `payer_id` is who gets it."""
    lines = (
        (chart.student_code(student_id), amount_cents),
        (chart.METHODS[method][1], -amount_cents),
    )
    return post(
        session,
        subject,
        Entry(
            "remittance",
            request,
            memo,
            lines,
            student_id=student_id,
            enrollment_id=enrollment_id,
            payer_id=payer_id,
            method=method,
            reference=reference,
        ),
    )


@internal("a step of recording that a remittance came back, in the transaction that records it")
def take_back(
    session: Session, subject: Actor, transaction_id: int, *, memo: str, request: UUID
) -> LedgerTransaction:
    """Reverse a remittance whose check was returned, or whose transfer failed."""
    paid = session.get_one(LedgerTransaction, transaction_id)
    lines = queries.lines_of(session, transaction_id)
    return post(
        session,
        subject,
        Entry(
            "reversal",
            request,
            memo,
            tuple((line.code, -line.amount_cents) for line in lines),
            student_id=paid.student_id,
            enrollment_id=paid.enrollment_id,
            payer_id=paid.payer_id,
            method=paid.method,
            reference=paid.reference,
            reverses=transaction_id,
        ),
    )
