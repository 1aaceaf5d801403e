"""What a bursar types, in the shapes of the ledger."""

from typing import Any
from uuid import UUID, uuid4

from app.finance.ledger.schemas import ChargeForm, PaymentForm, ReversalForm


def charge(cents: int, kind: str = "tuition", **more: Any) -> ChargeForm:
    return ChargeForm.model_validate(
        {"request": uuid4(), "amount_cents": cents, "type": kind, "memo": "Tuition, spring"} | more
    )


def payment(cents: int, method: str = "cash", **more: Any) -> PaymentForm:
    return PaymentForm.model_validate({"request": uuid4(), "amount_cents": cents, "method": method} | more)


def reversal(memo: str = "A mistake", request: UUID | None = None) -> ReversalForm:
    return ReversalForm(request=request or uuid4(), memo=memo)
