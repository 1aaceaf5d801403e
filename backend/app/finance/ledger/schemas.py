"""Forms of the ledger, and what is posted."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from app.core.errors import FieldError, Invalid
from app.core.money import format_cents
from app.finance.ledger import chart
from app.web.field_types import Day, Line, OptionalDay, OptionalId, RecordId, Text, blank_is_none
from app.web.forms import DollarsAsCents

MOST_CENTS = 100_000_000
"""$1,000,000.00: more than any one charge or payment of a career school."""


def posted_cents(cents: int) -> int:
    """Refuses what is no amount of a transaction. Raises ValueError with a sentence."""
    if cents <= 0:
        raise ValueError(
            "Enter an amount above zero. To take something back, reverse the transaction instead."
        )
    if cents > MOST_CENTS:
        raise ValueError(f"Enter at most {format_cents(MOST_CENTS)} in one transaction.")
    return cents


Amount = Annotated[DollarsAsCents, AfterValidator(posted_cents)]
"""Cents above zero, typed as dollars: `1,234.50`, `$12`."""
ChargeType = Literal["tuition", "fees", "books", "kit", "third_party", "late_fee"]
Method = Literal["cash", "check", "money_order", "card", "transfer"]


_RUN = re.compile(r"(?<![0-9])[0-9](?:[ ./-]?[0-9]){12,18}(?![0-9])")


def _no_card(text: str) -> str:
    """Refuses what passes the check digit of payment cards (ISO/IEC 7812-1, Luhn), however it is grouped."""
    for run in _RUN.findall(text):
        digits = [int(sign) for sign in reversed(run) if sign.isdigit()]
        doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
        if (sum(digits[::2]) + sum(doubled)) % 10 == 0:
            raise ValueError(
                "This looks like a card number, which must not be kept here. Enter the number of the check, "
                "the receipt of the card terminal or the transfer instead."
            )
    return text


Reference = Annotated[Line, Field(max_length=80), AfterValidator(_no_card)]
Memo = Annotated[Line, Field(min_length=3, max_length=200), AfterValidator(_no_card)]


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction to post: `lines` are account codes with cents, which sum to zero."""

    kind: str
    request: UUID
    memo: str
    lines: tuple[tuple[str, int], ...]
    student_id: int | None = None
    enrollment_id: int | None = None
    payer_id: int | None = None
    method: str | None = None
    reference: str | None = None
    reverses: int | None = None
    booked_on: date | None = field(default=None)
    """None for the first open day from today on."""


class _Posting(BaseModel):
    """`request` names the act: sent twice it is posted once. `confirmed`: the person has seen what it will do."""

    request: UUID
    amount_cents: Annotated[Amount, Field(title="Amount")]
    booked_on: Annotated[OptionalDay, Field(title="Date")] = None
    confirmed: bool = False


class StudentPosting(_Posting):
    """What is posted to a student's account. Each form says what becomes of it."""

    memo: Annotated[Memo, Field(title="Description")]
    enrollment_id: Annotated[OptionalId, Field(title="Program")] = None

    def entry(self, student_id: int) -> Entry:
        """The balanced transaction."""
        raise NotImplementedError

    def _entry(
        self, student_id: int, kind: str, other: str, cents: int, payer_id: int | None = None
    ) -> Entry:
        """The student's account against one other account."""
        return Entry(
            kind,
            self.request,
            self.memo,
            ((chart.student_code(student_id), cents), (other, -cents)),
            student_id=student_id,
            enrollment_id=self.enrollment_id,
            payer_id=payer_id,
            method=getattr(self, "method", None),
            reference=getattr(self, "reference", None),
            booked_on=self.booked_on,
        )


class ChargeForm(StudentPosting):
    """A charge to a student."""

    type: Annotated[ChargeType, Field(title="Type of charge")]

    def entry(self, student_id: int) -> Entry:
        return self._entry(student_id, "charge", chart.CHARGES[self.type][1], self.amount_cents)


class PaymentForm(StudentPosting):
    """Money that a student handed over."""

    method: Annotated[Method, Field(title="Method")]
    reference: Annotated[Reference | None, Field(title="Reference")] = None
    memo: Annotated[Memo, Field(title="Description")] = "Payment"

    def entry(self, student_id: int) -> Entry:
        return self._entry(student_id, "payment", chart.METHODS[self.method][1], -self.amount_cents)


class CreditForm(StudentPosting):
    """What a student need not pay."""

    kind: Annotated[Literal["waiver", "scholarship"], Field(title="Kind")]
    type: Annotated[ChargeType | None, BeforeValidator(blank_is_none), Field(title="What is waived")] = None

    def entry(self, student_id: int) -> Entry:
        """Raises Invalid for a waiver that does not say of what, and for a scholarship that does."""
        if (self.kind == "waiver") != (self.type is not None):
            words = (
                "Choose which charge is waived. Taxes, state fees and refunds count tuition and fees apart."
                if self.kind == "waiver"
                else "A scholarship is not for one type of charge. Choose “None” here, or post a waiver instead."
            )
            raise Invalid(words, errors=[FieldError("type", words)])
        code = chart.SCHOLARSHIPS if self.type is None else chart.waived_from(self.type)
        return self._entry(student_id, self.kind, code, -self.amount_cents)


class BillingForm(StudentPosting):
    """What somebody else pays for a student."""

    payer_id: Annotated[RecordId, Field(title="Payer")]
    reference: Annotated[Reference | None, Field(title="Authorization or voucher")] = None

    def entry(self, student_id: int) -> Entry:
        code = chart.payer_code(self.payer_id)
        return self._entry(student_id, "payer_billing", code, -self.amount_cents, self.payer_id)


class PayerPaymentForm(_Posting):
    """Money that came from a payer."""

    method: Annotated[Method, Field(title="Method")]
    reference: Annotated[Reference | None, Field(title="Reference")] = None
    memo: Annotated[Memo, Field(title="Description")] = "Payment"


class ReversalForm(BaseModel):
    """Why a transaction is taken back."""

    request: UUID
    memo: Annotated[Memo, Field(title="Reason")]


class ClosingForm(BaseModel):
    """The cash of a day as it was counted."""

    day: Annotated[Day, Field(title="Close through")]
    expected_cents: int | None = None
    """What the page said the ledger expects; what is posted to it while somebody counts is not closed unseen."""
    counted_cents: Annotated[DollarsAsCents, Field(title="Cash counted")]
    note: Annotated[
        Annotated[Text, Field(max_length=500), AfterValidator(_no_card)] | None, Field(title="Note")
    ] = None


class PayerForm(BaseModel):
    """A payer."""

    name: Annotated[Line, Field(title="Name")]
    kind: Annotated[Literal["va", "wioa", "employer", "sponsor", "other"], Field(title="Kind")]
    contact: Annotated[Annotated[Text, Field(max_length=500)] | None, Field(title="Contact")] = None
