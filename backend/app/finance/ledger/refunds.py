"""What a refund does to the ledger: two steps of the rooms that approve and remit it, in their transactions."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.core.permissions import Actor, internal
from app.db.models import LedgerTransaction
from app.finance.ledger import chart
from app.finance.ledger.posting import post
from app.finance.ledger.schemas import Entry


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
) -> LedgerTransaction:
    """Pay a refund out: the student's account is debited, the money's account credited."""
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
            method=method,
            reference=reference,
        ),
    )
