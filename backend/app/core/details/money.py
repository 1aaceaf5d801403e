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
    remittance_id: int
    amount_cents: int
    payee: str
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
REFUND_APPROVED = ("refund.approved", "refunds", "Refund approved", RefundDecided)
REFUND_COMPUTED = ("refund.computed", "refunds", "Refund computed", RefundComputed)
REFUND_ENDORSED = ("refund.endorsed", "refunds", "Refund approved by the first of two", RefundDecided)
REFUND_REJECTED = ("refund.rejected", "refunds", "Refund sent back", RefundDecided)
REFUND_REMITTED = ("refund.remitted", "refunds", "Refund remitted", RefundRemitted)
REFUND_RETURNED = ("refund.returned", "refunds", "Remittance of a refund came back", RefundRemitted)
REFUND_WARNED = ("refund.warned", "refunds", "Warned about a refund’s deadline", RefundWarned)
