"""Forms of payment plans, and a plan as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.finance.ledger.schemas import Amount
from app.rules.installments import MOST_INSTALLMENTS, Every, LateFee
from app.web.field_types import Day, RecordId
from app.web.forms import DollarsAsCents

EVERY: Mapping[Every, str] = {"month": "Every month", "two_weeks": "Every two weeks", "week": "Every week"}
STATES = (
    ("past_due", "Past due"),
    ("on_time", "On time"),
    ("proposed", "Not agreed to yet"),
    ("paid", "Paid"),
    ("ended", "Ended"),
)
ENDED = {
    "superseded": "Replaced by another plan",
    "canceled": "Canceled",
    "enrollment_ended": "The enrollment ended",
}


class PlanForm(BaseModel):
    """A plan to propose: even installments, or the rows as they were edited. `request` names the act."""

    request: UUID
    enrollment_id: Annotated[RecordId, Field(title="Program")]
    total_cents: Annotated[Amount, Field(title="Amount of the plan")]
    count: Annotated[int, Field(ge=1, le=MOST_INSTALLMENTS, title="Installments")]
    first_due_on: Annotated[Day, Field(title="First due date")]
    every: Annotated[Every, Field(title="Due")] = "month"
    due_on: Annotated[list[Day], Field(max_length=MOST_INSTALLMENTS)] = []
    amount_cents: Annotated[list[DollarsAsCents], Field(max_length=MOST_INSTALLMENTS)] = []
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Installment:
    """One installment and what of it is unpaid; `late_fee` is the transaction of its fee."""

    number: int
    due_on: date
    amount_cents: int
    unpaid_cents: int
    late_fee: int | None = None

    @property
    def paid_cents(self) -> int:
        return self.amount_cents - self.unpaid_cents

    def is_past_due(self, today: date) -> bool:
        return self.unpaid_cents > 0 and self.due_on < today


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan on a day at the school: its installments, and what follows from the ledger."""

    id: int
    student_id: int
    student: str
    enrollment_id: int
    program: str
    total_cents: int
    terms: Mapping[str, Any]
    created_at: datetime
    agreed_at: datetime | None
    ended_at: datetime | None
    ended_because: str | None
    supersedes_id: int | None
    installments: Sequence[Installment]
    today: date
    waiting_cents: int = 0
    """What payers were billed for that counts as paid once they have paid it, by the plan's terms."""

    @property
    def unpaid_cents(self) -> int:
        return sum(one.unpaid_cents for one in self.installments)

    @property
    def paid_cents(self) -> int:
        return self.total_cents - self.unpaid_cents

    @property
    def percent(self) -> int:
        """How much is paid, rounded down."""
        return self.paid_cents * 100 // self.total_cents

    @property
    def past_due(self) -> list[Installment]:
        return [one for one in self.installments if one.is_past_due(self.today)]

    @property
    def past_due_cents(self) -> int:
        return sum(one.unpaid_cents for one in self.past_due)

    @property
    def next(self) -> Installment | None:
        """The next installment that is not paid and not past due."""
        return next((one for one in self.installments if one.unpaid_cents and one.due_on >= self.today), None)

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.ended_at is not None:
            return "ended"
        if self.agreed_at is None:
            return "proposed"
        if not self.unpaid_cents:
            return "paid"
        return "past_due" if self.past_due else "on_time"

    @property
    def state_words(self) -> str:
        if self.ended_because is not None:
            return ENDED[self.ended_because]
        return dict(STATES)[self.state]

    @property
    def fee(self) -> LateFee:
        return fee_of(self.terms)


def fee_of(terms: Mapping[str, Any]) -> LateFee:
    """The late fee of a plan's terms."""
    return LateFee(
        terms.get("late_fee", "no_fee"),
        terms.get("late_fee_dollars", 0) * 100,
        terms.get("late_fee_pct", 0),
        terms.get("late_fee_grace_days", 0),
        terms.get("late_fee_cap_dollars", 0) * 100,
    )
