"""Refund cases as JSON. What pays money asks for a proof of who is there, which an API token cannot give."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.core.permissions import Permission
from app.finance.refunds.cases import service
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import (
    ApprovalForm,
    RecomputeForm,
    RefundCaseOut,
    RefundLine,
    RejectionForm,
    RemittanceIn,
    ReturnForm,
)
from app.web.field_types import PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(prefix="/api/v1/refunds", tags=["refunds"])
READS = [Requires(Permission.WITHDRAWALS_READ)]
COMPUTES = [Requires(Permission.LEDGER_POST)]
APPROVES = [Requires(Permission.REFUNDS_APPROVE)]
_Word = Annotated[str, Query(max_length=20)]


def _case(db: Db, subject: CurrentSubject, refund_id: int) -> RefundCaseOut:
    found = service.read(db, subject, refund_id)
    current = found.current
    return RefundCaseOut(
        **{name: getattr(found.row, name) for name in RefundLine.model_fields},
        policy_basis=found.row.policy_basis,
        computation=current.number,
        case_file=current.case_file,
        result=current.result,
        assumptions=found.assumptions,
        payees=current.payees,
    )


@router.get("", dependencies=READS)
def list_refunds(
    db: Db, subject: CurrentSubject, paging: PageParams, state: _Word = "", timely: _Word = ""
) -> Page[RefundLine]:
    """Refunds by the day they are due."""
    page = service.refunds(db, subject, paging, state=state or None, timely=timely or None).page()
    return page.map(lambda row: RefundLine.model_validate(row, from_attributes=True))


@router.get("/{refund_id}")
def read_refund(db: Db, subject: CurrentSubject, refund_id: PathId) -> RefundCaseOut:
    """One refund with its derivation and the case it was computed from; students read their own."""
    return _case(db, subject, refund_id)


@router.post("/{refund_id}/computations", dependencies=COMPUTES)
def recompute_refund(
    db: Db, subject: CurrentSubject, refund_id: PathId, body: RecomputeForm
) -> RefundCaseOut:
    """Compute it again from the account as it stands."""
    service.recompute(db, subject, refund_id, body)
    return _case(db, subject, refund_id)


@router.post("/{refund_id}/approval", dependencies=APPROVES)
def approve_refund(db: Db, subject: CurrentSubject, refund_id: PathId, body: ApprovalForm) -> RefundCaseOut:
    """Approve it, or give the first of two approvals."""
    service.approve(db, subject, refund_id, body)
    return _case(db, subject, refund_id)


@router.post("/{refund_id}/rejection", dependencies=APPROVES)
def reject_refund(db: Db, subject: CurrentSubject, refund_id: PathId, body: RejectionForm) -> RefundCaseOut:
    """Send it back to the bursar."""
    service.reject(db, subject, refund_id, body)
    return _case(db, subject, refund_id)


@router.post("/{refund_id}/remittances", dependencies=COMPUTES)
def remit_refund(db: Db, subject: CurrentSubject, refund_id: PathId, body: RemittanceIn) -> RefundCaseOut:
    """Record that a payee was paid. The same `request` sent twice is paid once."""
    remittances.remit(db, subject, refund_id, body)
    return _case(db, subject, refund_id)


@router.post("/{refund_id}/remittances/{remittance_id}/return", dependencies=COMPUTES)
def return_remittance(
    db: Db, subject: CurrentSubject, refund_id: PathId, remittance_id: PathId, body: ReturnForm
) -> RefundCaseOut:
    """Record that a remittance came back."""
    remittances.take_back(db, subject, refund_id, remittance_id, body)
    return _case(db, subject, refund_id)
