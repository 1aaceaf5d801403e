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


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

LEDGER_CHECKED = ("ledger.checked", "ledger_balances", "Ledger balances compared", TotalsChecked)
LEDGER_DAY_CLOSED = ("ledger.day_closed", "ledger_closings", "Day of receipts closed", DayClosed)
LEDGER_PAYER_CHANGED = ("ledger.payer_changed", "ledger_payers", "Payer entered or changed", PayerChanged)
LEDGER_POSTED = ("ledger.posted", "ledger_transactions", "Posted to the ledger", Posted)
LEDGER_REBUILT = ("ledger.rebuilt", "ledger_balances", "Ledger balances rebuilt", Counted)
LEDGER_REVERSED = ("ledger.reversed", "ledger_transactions", "Ledger transaction reversed", Reversed)
