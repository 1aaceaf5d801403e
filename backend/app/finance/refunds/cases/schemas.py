"""Forms of refund cases, in and out."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.finance.ledger.schemas import Method, Reference
from app.web.field_types import OptionalId, RecordId, Text
from app.web.forms import DollarsAsCents

Reason = Annotated[Text, Field(min_length=3, max_length=1_000, title="Reason")]


class RecomputeForm(BaseModel):
    """Why a refund is computed again, and which items were issued and cannot be used again."""

    reason: Reason
    kept: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)] = []


class ApprovalForm(BaseModel):
    """Which computation of the refund is approved: another one is refused."""

    computation: RecordId


class RejectionForm(BaseModel):
    """Why a refund is sent back."""

    rejection: Annotated[Reason, Field(title="What is wrong")]


class ReturnForm(BaseModel):
    """Why a remittance came back. `request` names the act."""

    request: UUID
    reason: Annotated[Text, Field(min_length=3, max_length=200, title="Reason")]


class RemittanceIn(BaseModel):
    """Money that leaves. `request` names the act: sent twice it is paid once. `payer_id` is none for the student."""

    request: UUID
    payer_id: RecordId | None = None
    amount_cents: Annotated[int, Field(ge=1, le=2_000_000_000, strict=True)]
    method: Method
    reference: Reference | None = None


class RemittanceForm(RemittanceIn):
    """The same as typed: dollars; no payer for the student."""

    payer_id: OptionalId = None
    amount_cents: Annotated[DollarsAsCents, Field(title="Amount", ge=1, le=2_000_000_000)]
    method: Annotated[Method, Field(title="Method")]
    reference: Annotated[Reference | None, Field(title="Reference")] = None


class RefundLine(BaseModel):
    """A refund in a list."""

    id: int
    withdrawal_id: int
    enrollment_id: int
    student_id: int
    student: str
    program: str
    state: str
    amount_cents: int
    withdrawn_on: date
    due_on: date
    approved_at: datetime | None
    remitted_at: datetime | None
    days: int | None
    on_time: bool | None


class RefundCaseOut(RefundLine):
    """A refund with all that it was computed from: `case_file` is what `aada refund preview` takes."""

    policy_basis: str
    computation: int
    case_file: dict[str, Any]
    result: dict[str, Any]
    assumptions: list[str]
    payees: list[dict[str, Any]]
