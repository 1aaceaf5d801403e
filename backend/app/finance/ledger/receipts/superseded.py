"""Receipts of a payer whose payments are applied otherwise once something is posted: no two valid ones contradict."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.core.permissions import Actor
from app.documents import service as documents
from app.finance.ledger import chart
from app.finance.ledger.balances.service import applied
from app.finance.ledger.payers import queries as payers
from app.finance.ledger.schemas import Entry

REASON = (
    "Superseded: transaction {transaction} was posted for this payer later, and changed which billings this payment "
    "was applied to. Issue a new receipt."
)


@contextmanager
def void_changed(session: Session, subject: Actor, entry: Entry) -> Iterator[list[int]]:
    """Post within this: what the payer's payments were applied to before and afterwards is compared, and receipts that
    say otherwise are void in the same transaction. Whoever posts puts the transaction's number into the list.

    What a payment paid in advance may go to a new billing: its receipt says that it was not billed yet. The receipt of
    a payment that is reversed is the reversal's own matter.
    """
    posted: list[int] = []
    if entry.payer_id is None or chart.payer_code(entry.payer_id) not in dict(entry.lines):
        yield posted
        return
    payers.lock_payer(session, entry.payer_id)
    receipts = payers.receipts_of_payer(session, entry.payer_id)
    before = applied(session, entry.payer_id) if receipts else {}
    yield posted
    after = applied(session, entry.payer_id) if receipts else {}
    for payment, receipt in receipts.items():
        old, new = before.get(payment, []), after.get(payment)
        if new is None or new == old or (entry.kind == "payer_billing" and set(old) <= set(new)):
            continue
        documents.void(session, subject, receipt, REASON.format(transaction=posted[0]))
