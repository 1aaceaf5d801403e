"""Details of what happens to the money: amounts are whole cents."""

from datetime import date

from app.core.details.base import Counted, Details
from app.core.details.system import TotalsChecked


class Posted(Details):
    """A transaction of the ledger. `amount_cents` is what moved; `what` is the kind of charge or the method."""

    kind: str
    amount_cents: int
    booked_on: date
    what: str | None = None
    payer_id: int | None = None


class Reversed(Details):
    reverses: int
    amount_cents: int


class DayClosed(Details):
    expected_cents: int
    counted_cents: int


class PayerChanged(Details):
    name: str


class OnlinePaymentHandled(Details):
    """A message of the payment provider that was not posted; `outcome` says why not."""

    outcome: str
    event: str


class PlanProposed(Details):
    """A payment plan; `supersedes` is the plan that it is to replace."""

    total_cents: int
    installments: int
    supersedes: int | None = None


class PlanAgreed(Details):
    total_cents: int
    installments: int


class PlanEnded(Details):
    """`because`: superseded, canceled or enrollment_ended."""

    because: str


class PlanReminded(Details):
    """A reminder before or after the due date of installments."""

    kind: str
    installments: list[int]
    amount_cents: int


class RefundComputed(Details):
    """`computation` is its number within the refund; `before_cents` the amount that it takes the place of."""

    amount_cents: int
    due_on: date
    policy: str
    computation: int
    before_cents: int | None = None


class RefundDecided(Details):
    amount_cents: int


class RefundRemitted(Details):
    """`payer_id` is none for the student."""

    remittance_id: int
    amount_cents: int
    payee: str
    payer_id: int | None = None
    method: str


class RefundWarned(Details):
    due_on: date
    days_left: int
    mailed: int


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

LEDGER_CHECKED = ("ledger.checked", "ledger_balances", "Ledger balances compared", TotalsChecked)
LEDGER_DAY_CLOSED = ("ledger.day_closed", "ledger_closings", "Day of receipts closed", DayClosed)
LEDGER_PAYER_CHANGED = ("ledger.payer_changed", "ledger_payers", "Payer entered or changed", PayerChanged)
LEDGER_POSTED = ("ledger.posted", "ledger_transactions", "Posted to the ledger", Posted)
LEDGER_REBUILT = ("ledger.rebuilt", "ledger_balances", "Ledger balances rebuilt", Counted)
LEDGER_REVERSED = ("ledger.reversed", "ledger_transactions", "Ledger transaction reversed", Reversed)
ONLINE_PAYMENT_HANDLED = (
    "online_payment.handled",
    "payment_events",
    "Dealt with a message about an online payment",
    OnlinePaymentHandled,
)
PAYMENT_PLAN_AGREED = ("payment_plan.agreed", "payment_plans", "Agreed to a payment plan", PlanAgreed)
PAYMENT_PLAN_ENDED = ("payment_plan.ended", "payment_plans", "Payment plan ended", PlanEnded)
PAYMENT_PLAN_PROPOSED = ("payment_plan.proposed", "payment_plans", "Payment plan proposed", PlanProposed)
PAYMENT_PLAN_REMINDED = ("payment_plan.reminded", "payment_plans", "Reminded of an installment", PlanReminded)
REFUND_APPROVED = ("refund.approved", "refunds", "Refund approved", RefundDecided)
REFUND_COMPUTED = ("refund.computed", "refunds", "Refund computed", RefundComputed)
REFUND_ENDORSED = ("refund.endorsed", "refunds", "Refund approved by the first of two", RefundDecided)
REFUND_REJECTED = ("refund.rejected", "refunds", "Refund sent back", RefundDecided)
REFUND_REMITTED = ("refund.remitted", "refunds", "Refund remitted", RefundRemitted)
REFUND_RETURNED = ("refund.returned", "refunds", "Remittance of a refund came back", RefundRemitted)
REFUND_WARNED = ("refund.warned", "refunds", "Warned about a refund’s deadline", RefundWarned)
