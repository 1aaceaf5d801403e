"""Refund cases in the order of their life: computed with the withdrawal, approved, paid out; sent back or computed
again where something is wrong. Each step is one transaction with the ledger and the history."""

from collections.abc import Collection
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.money import format_cents
from app.core.permissions import Actor, Subject, internal
from app.db.models import Refund, RefundComputation
from app.documents import service as documents
from app.enrollment import service as enrollment
from app.finance.ledger import policies_in_force
from app.finance.ledger import service as ledger
from app.finance.refunds import door
from app.finance.refunds.cases import account, policy, queries, sentences
from app.finance.refunds.cases.account import Computed, Leaving
from app.finance.refunds.cases.notices import send_notice, warn
from app.finance.refunds.cases.reading import RefundCase, case_of, own_refunds, read, refunds, totals
from app.finance.refunds.cases.schemas import ApprovalForm, RecomputeForm, RejectionForm
from app.rules.days import long_date
from app.school import service as school

__all__ = [
    "Leaving",
    "RefundCase",
    "approve",
    "locked",
    "open_for_withdrawal",
    "own_refunds",
    "read",
    "recompute",
    "refunds",
    "reject",
    "send_notice",
    "totals",
    "two_approve_above",
    "warn",
]
_CREDITS = UUID("8e0f5a52-6a1e-4d0c-9f0b-6f2f5a7f9a10")


# Computing


@internal("a step of processing a withdrawal, in its transaction")
def open_for_withdrawal(session: Session, subject: Actor, leaving: Leaving) -> Refund:
    """Compute the refund of a withdrawal that is being processed, and let it wait for approval.

    One that exists already is given back as it is. Raises Conflict where account and agreement contradict each other.
    """
    known = queries.of_withdrawal(session, leaving.withdrawal_id)
    if known is not None:
        return known
    computed = _compute(session, leaving)
    row = Refund(
        withdrawal_id=leaving.withdrawal_id,
        amount_cents=computed.result.amount_cents,
        policy_basis=computed.basis,
        due_on=computed.result.due_on,
        computed_by=subject.user_id,
    )
    queries.add(session, row)
    _keep(session, subject, leaving, row, computed, number=1, reason=None, before=None)
    return row


def recompute(session: Session, subject: Subject, refund_id: int, values: RecomputeForm) -> Refund:
    """Compute a refund again from the account as it stands; the computation before stays on record.

    Raises Forbidden, NotFound, Conflict for one that is approved, and where nothing would change.
    """
    row, found = locked(session, subject, refund_id)
    policy.require_compute(subject, found.row.student_id)
    if row.approved_at is not None:
        raise Conflict(
            "This refund is approved, so it is not computed again. Have it sent back first. Nothing was changed."
        )
    before = found.current
    leaving = _leaving(session, found)
    computed = _compute(session, leaving, values.kept, found.first)
    same = computed.assumptions == before.assumptions and account.unchanged(computed, before)
    if same and row.rejected_at is None:
        raise Conflict("Nothing has changed since the refund was computed, so it would be the same.")
    row.amount_cents, row.policy_basis = computed.result.amount_cents, computed.basis
    row.due_on, row.computed_by = computed.result.due_on, subject.user_id
    row.endorsed_at = row.endorsed_by = row.rejected_at = row.rejected_by = row.rejection = None
    session.flush()
    _keep(
        session,
        subject,
        leaving,
        row,
        computed,
        number=before.number + 1,
        reason=values.reason,
        before=before.amount_cents,
    )
    return row


def _keep(
    session: Session,
    subject: Actor,
    leaving: Leaving,
    row: Refund,
    computed: Computed,
    *,
    number: int,
    reason: str | None,
    before: int | None,
) -> None:
    if computed.terms.in_force is not None:
        computed.terms.in_force.used(session)
    queries.add(
        session,
        RefundComputation(
            refund_id=row.id,
            number=number,
            computed_at=clock.now(),
            computed_by=subject.user_id,
            reason=reason,
            case_file=computed.case_file,
            result=computed.result.as_record(),
            assumptions=computed.assumptions,
            payees=computed.payees,
            amount_cents=computed.result.amount_cents,
            other_cents=computed.other_cents,
        ),
    )
    history.record(
        session,
        subject,
        Action.REFUND_COMPUTED,
        row.id,
        student_id=leaving.user_id,
        enrollment_id=leaving.enrollment_id,
        reason=reason,
        amount_cents=row.amount_cents,
        due_on=computed.result.due_on,
        policy=computed.result.policy,
        computation=number,
        before_cents=before,
    )


def _compute(
    session: Session, leaving: Leaving, kept: Collection[str] = (), first: RefundComputation | None = None
) -> Computed:
    try:
        return account.compute(session, leaving, school.facts(session).zone, kept, first)
    except door.CaseRefused as refused:
        raise Conflict(
            f"The refund cannot be computed from this student’s account: {refused} Nothing was changed."
        ) from None


def _leaving(session: Session, found: RefundCase) -> Leaving:
    """The facts of the withdrawal, which do not change."""
    return Leaving.of(enrollment.frozen_figures(session, found.row.withdrawal_id))


# Deciding


def approve(session: Session, subject: Subject, refund_id: int, values: ApprovalForm) -> Refund:
    """Approve a refund: its credit is posted to the ledger. Above the policy's limit the first approval waits for a
    second person's.

    Raises Forbidden for whoever computed it, ProofRequired, NotFound, and Conflict where the account has changed since.
    """
    row, found = locked(session, subject, refund_id)
    policy.require_approve(subject, found.row.student_id)
    if row.approved_at is not None:
        raise Conflict("This refund is approved already. Nothing was changed.")
    if row.rejected_at is not None:
        raise Conflict(
            "This refund was sent back. The bursar must compute it again before it can be approved."
        )
    if subject.user_id in found.makers:
        raise Forbidden(
            "You recorded or processed this withdrawal or computed its refund, so someone else must approve it. "
            "Nothing was changed."
        )
    current = found.current
    if values.computation != current.number:
        raise Conflict("The refund was computed again since you opened it. Look at the new figures first.")
    # A payment that is posted in between would be in neither the refund nor its explanation.
    ledger.hold_still(session)
    if cents := ledger.without_program(session, found.row.enrollment_id):
        raise Conflict(f"Nothing was approved. {sentences.assign(cents)}")
    _require_unchanged(session, found)
    whom = {"student_id": found.row.student_id, "enrollment_id": found.row.enrollment_id}
    limit = two_approve_above(session)
    if row.amount_cents > limit and row.endorsed_by is None:
        row.endorsed_at, row.endorsed_by = clock.now(), subject.user_id
        session.flush()
        history.record(
            session, subject, Action.REFUND_ENDORSED, row.id, **whom, amount_cents=row.amount_cents
        )
        return row
    if row.endorsed_by == subject.user_id:
        raise Conflict(
            f"You have approved this refund. Above {format_cents(limit)} a second person approves it, too."
        )
    row.approved_at, row.approved_by = clock.now(), subject.user_id
    if row.amount_cents:
        posted = ledger.credit_refund(
            session,
            subject,
            found.row.student_id,
            enrollment_id=found.row.enrollment_id,
            tuition_and_fees_cents=row.amount_cents - current.other_cents,
            other_cents=current.other_cents,
            memo=f"Refund {row.id} after withdrawal",
            request=uuid5(_CREDITS, f"{row.id} {current.number}"),
        )
        row.credit_transaction_id = posted.id
    session.flush()
    history.record(session, subject, Action.REFUND_APPROVED, row.id, **whom, amount_cents=row.amount_cents)
    return row


@internal("a figure of the billing policy")
def two_approve_above(session: Session) -> int:
    """Cents above which two people approve a refund."""
    return policies_in_force.billing(session).second_approval_above_dollars * 100


def _require_unchanged(session: Session, found: RefundCase) -> None:
    """Raises Conflict where the case would be another one today."""
    kept = [one["name"] for one in found.current.case_file["items"] if one["kept"]]
    computed = _compute(session, _leaving(session, found), kept, found.first)
    if account.unchanged(computed, found.current):
        return
    row, now = found.row, computed.result
    if (row.amount_cents, row.due_on) == (now.amount_cents, now.due_on):
        differs = "the terms or the people who are paid are others now."
    else:
        differs = (
            f"it was {format_cents(row.amount_cents)}, due {long_date(row.due_on)}, and would be "
            f"{format_cents(now.amount_cents)}, due {long_date(now.due_on)}, now."
        )
    raise Conflict(
        f"What this refund is computed from has changed since: {differs} Nothing was approved. The bursar computes it "
        "again first."
    )


def reject(session: Session, subject: Subject, refund_id: int, values: RejectionForm) -> Refund:
    """Send a refund back to the bursar. Of one that is approved and not paid out, the credit is reversed, and the
    letters about it are void: nothing that is valid names an amount that does not hold.

    Raises Forbidden, NotFound, Conflict for one that is paid out or was sent back.
    """
    row, found = locked(session, subject, refund_id)
    policy.require_approve(subject, found.row.student_id)
    if row.rejected_at is not None:
        raise Conflict("This refund was sent back already. Nothing was changed.")
    if any(one.returned_at is None for one in found.remittances):
        raise Conflict("This refund, or a part of it, is paid out, so it cannot be sent back.")
    if row.credit_transaction_id is not None:
        ledger.take_back(
            session,
            subject,
            row.credit_transaction_id,
            memo=f"Refund {row.id} was sent back",
            request=uuid5(_CREDITS, f"back {row.id} {found.current.number}"),
        )
    for one in documents.of_student(session, subject, found.row.student_id):
        letter = (one.kind, one.enrollment_id, one.status)
        if letter == (sentences.LETTER, found.row.enrollment_id, "issued"):
            documents.void(session, subject, one.id, f"Refund {row.id} was sent back: {values.rejection}")
    row.approved_at = row.approved_by = row.endorsed_at = row.endorsed_by = row.credit_transaction_id = None
    row.rejected_at, row.rejected_by, row.rejection = clock.now(), subject.user_id, values.rejection
    session.flush()
    history.record(
        session,
        subject,
        Action.REFUND_REJECTED,
        row.id,
        student_id=found.row.student_id,
        enrollment_id=found.row.enrollment_id,
        reason=values.rejection,
        amount_cents=row.amount_cents,
    )
    return row


@internal("a step of every act, which asks for itself")
def locked(session: Session, subject: Actor, refund_id: int) -> tuple[Refund, RefundCase]:
    """The refund locked, and as it stands then. Raises NotFound."""
    row = queries.lock(session, refund_id)
    if row is None:
        raise NotFound(policy.NO_REFUND)
    return row, case_of(session, subject, refund_id)
