"""Paying refunds out: after the approval, each payee once, in one transaction with the ledger."""

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.money import format_cents
from app.core.permissions import Subject
from app.db.models import Refund, RefundRemittance
from app.finance.ledger import service as ledger
from app.finance.refunds.cases import policy, queries
from app.finance.refunds.cases.schemas import RemittanceIn, ReturnForm
from app.finance.refunds.cases.service import RefundCase, locked


def remit(session: Session, subject: Subject, refund_id: int, values: RemittanceIn) -> RefundRemittance:
    """Pay a payee of an approved refund. The same form sent twice answers with what was paid.

    Raises Forbidden, ProofRequired, NotFound, Invalid for another amount or payee than computed, and Conflict before
    the approval and where the payee is paid already.
    """
    row, found = locked(session, subject, refund_id)
    policy.require_remit(subject, found.row.student_id)
    known = queries.remittance_by_request(session, values.request)
    if known is not None:
        return _same(known, refund_id, values)
    if row.approved_at is None:
        raise Conflict("This refund is not approved, so nothing can be paid out yet. Nothing was paid.")
    payee = next((one for one in found.current.payees if one["payer_id"] == values.payer_id), None)
    if payee is None:
        words = "Nothing of this refund goes to this payee. Choose one of those listed."
        raise Invalid(words, errors=[FieldError("payer_id", words)])
    if payee not in found.open_payees:
        raise Conflict(f"{payee['name']} has been paid already. Nothing was paid a second time.")
    if values.amount_cents != payee["amount_cents"]:
        words = f"The refund to {payee['name']} is {format_cents(payee['amount_cents'])}. Nothing was paid."
        raise Invalid(words, errors=[FieldError("amount_cents", words)])
    posted = ledger.pay_out(
        session,
        subject,
        found.row.student_id,
        enrollment_id=found.row.enrollment_id,
        amount_cents=values.amount_cents,
        method=values.method,
        reference=values.reference,
        memo=f"Refund {row.id} paid to {payee['name']}"[:200],
        request=values.request,
        payer_id=values.payer_id,
    )
    made = RefundRemittance(
        refund_id=row.id,
        payer_id=values.payer_id,
        payee=payee["name"],
        amount_cents=values.amount_cents,
        method=values.method,
        reference=values.reference,
        remitted_at=clock.now(),
        remitted_by=subject.user_id,
        transaction_id=posted.id,
        request=values.request,
    )
    queries.add(session, made)
    if len(found.open_payees) == 1:
        row.remitted_at = made.remitted_at
        session.flush()
    _record(session, subject, Action.REFUND_REMITTED, found, made)
    return made


def _same(known: RefundRemittance, refund_id: int, values: RemittanceIn) -> RefundRemittance:
    asked = (refund_id, values.payer_id, values.amount_cents, values.method, values.reference)
    if asked != (known.refund_id, known.payer_id, known.amount_cents, known.method, known.reference):
        raise Conflict("This form was sent before with other figures, which were paid. Nothing was paid now.")
    if known.returned_at is not None:
        raise Conflict(
            "What this form paid has come back since. Nothing was paid now. Open the refund and pay it again there."
        )
    return known


def take_back(
    session: Session, subject: Subject, refund_id: int, remittance_id: int, values: ReturnForm
) -> Refund:
    """Record that a remittance came back: the ledger reverses it, and the payee is to be paid again.

    Raises Forbidden, NotFound, Conflict for one that came back already.
    """
    row, found = locked(session, subject, refund_id)
    policy.require_remit(subject, found.row.student_id)
    made = next((one for one in found.remittances if one.id == remittance_id), None)
    if made is None:
        raise NotFound("There is no such remittance of this refund.")
    if made.returned_at is not None:
        raise Conflict("It is on record already that this remittance came back. Nothing was changed.")
    posted = ledger.take_back(
        session, subject, made.transaction_id, memo=values.reason, request=values.request
    )
    made.returned_at, made.returned_by = clock.now(), subject.user_id
    made.return_reason, made.return_transaction_id = values.reason, posted.id
    row.remitted_at = None
    session.flush()
    _record(session, subject, Action.REFUND_RETURNED, found, made, values.reason)
    return row


def _record(
    session: Session,
    subject: Subject,
    action: Action,
    found: RefundCase,
    made: RefundRemittance,
    reason: str | None = None,
) -> None:
    history.record(
        session,
        subject,
        action,
        found.row.id,
        student_id=found.row.student_id,
        enrollment_id=found.row.enrollment_id,
        reason=reason,
        remittance_id=made.id,
        amount_cents=made.amount_cents,
        payee=made.payee,
        payer_id=made.payer_id,
        method=made.method,
    )
