"""Balances: what other rooms ask about, and the comparison with the postings, every night and by command."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import Session

from app.core import own_rows
from app.core.actions import Action
from app.core.kept_sums import NAMED, Comparison, KeptSums
from app.core.money import format_cents
from app.core.permissions import internal
from app.finance.ledger import queries as ledger
from app.finance.ledger.balances import queries


@internal("a requirement and a hold ask about many at once; what they show was allowed before")
def balances_of(session: Session, student_ids: Collection[int]) -> dict[int, int]:
    """What students owe in cents, below zero what they are owed; those with no transaction are left out."""
    return ledger.balances_of(session, student_ids)


@internal("a step of computing a refund, which was allowed before")
def money_of(session: Session, enrollment_id: int) -> Sequence[Row[Any]]:
    """What was charged and paid for an enrollment and not reversed, by the school's accounts.

    Rows have id, kind, booked_on, code (`chart`) and amount_cents: charges below zero, payments above. What was posted
    to the student without naming a program is among it where they have only this one.
    """
    rows = queries.money_of(session, enrollment_id)
    if all(row.assigned for row in rows) or not queries.enrollments_beside(session, enrollment_id):
        return rows
    return [row for row in rows if row.assigned]


@internal("a step of computing a refund, which was allowed before")
def without_program(session: Session, enrollment_id: int) -> int:
    """Cents that the student, and payers in their place, paid without naming a program, where they have others and it
    may belong to any."""
    if not queries.enrollments_beside(session, enrollment_id):
        return 0
    loose = [row for row in queries.money_of(session, enrollment_id) if not row.assigned]
    own: int = sum(row.amount_cents for row in loose if row.kind == "payment")
    return own + sum(cents for _row, cents in _paid_of(session, loose))


@dataclass(frozen=True, slots=True)
class PaidByPayer:
    """What a payer has paid of one billing."""

    payer_id: int
    name: str
    kind: str
    booked_on: date
    cents: int


@internal("a step of computing a refund or a late fee, which was allowed before")
def paid_of_billings(
    session: Session, payer_ids: Collection[int], *, through: date | None = None
) -> list[tuple[Row[Any], int]]:
    """Each billing of payers and the cents paid of it; a payer's money pays the oldest billing first.

    `through` leaves out what was booked after that day. What was reversed since counts nowhere. Rows as
    `queries.billings_of` gives them.
    """
    if not payer_ids:
        return []
    with own_rows.beyond(session, "which billing a payer’s money pays hangs on those of other students"):
        known = queries.billings_of(session, sorted(payer_ids))
    rows = [row for row in known if through is None or row.booked_on <= through]
    left = dict.fromkeys(payer_ids, 0)
    for row in rows:
        if not row.billed:
            left[row.payer_id] -= row.cents
    found = []
    for row in rows:
        if row.billed:
            cents = min(row.cents, max(0, left[row.payer_id]))
            left[row.payer_id] -= cents
            found.append((row, cents))
    return found


@internal("a step of computing a refund, which was allowed before")
def paid_by_payers(session: Session, enrollment_id: int) -> list[PaidByPayer]:
    """What payers have paid of their billings for an enrollment; a payer's money pays the oldest billing first."""
    return [
        PaidByPayer(row.payer_id, row.name, row.kind, row.booked_on, cents)
        for row, cents in _paid_of(session, money_of(session, enrollment_id))
        if cents
    ]


def _paid_of(session: Session, rows: Sequence[Row[Any]]) -> list[tuple[Row[Any], int]]:
    """Those of the rows of `money_of` that were billed to payers, as `paid_of_billings` gives them."""
    billed = {row.id: int(row.code.partition("-")[2]) for row in rows if row.kind == "payer_billing"}
    paid = paid_of_billings(session, set(billed.values()))
    return [(row, cents) for row, cents in paid if row.transaction_id in billed]


@internal("a step of a receipt, which was allowed before")
def applied(session: Session, payer_id: int) -> dict[int, list[tuple[int, int]]]:
    """Which billings each payment of a payer pays, as (transaction, cents): the oldest billing by the oldest payment
    first.

    What a payment pays in advance is in none of them. Over all payments these are the sums of `paid_of_billings`. A
    payment that was reversed is not among the keys.
    """
    rows = queries.billings_of(session, [payer_id])
    unpaid = deque((row.transaction_id, row.cents) for row in rows if row.billed)
    found: dict[int, list[tuple[int, int]]] = {}
    for row in rows:
        if row.billed:
            continue
        left, parts = -row.cents, found.setdefault(row.transaction_id, [])
        while left and unpaid:
            number, cents = unpaid.popleft()
            part = min(left, cents)
            left -= part
            parts.append((number, part))
            if part < cents:
                unpaid.appendleft((number, cents - part))
    return found


@internal("a part of a statement; who runs it asks")
def enrollments_paid_by(kind: str) -> Select[tuple[int]]:
    """The enrollments of which a payer of a kind has paid something: those with it among `paid_by_payers`."""
    return queries.enrollments_paid_by(kind)


@internal("compares two of the school's own sums; for jobs and the operator's command")
def compare(session: Session) -> Comparison:
    """Add up every posting and compare it with the balances; look for transactions that do not balance."""
    total, rows = queries.differences(session, NAMED)
    return Comparison(
        total,
        [
            f"Account {row.number}: {format_cents(row.kept)} kept, {format_cents(row.counted)} posted"
            if row.kind == "account"
            else f"Transaction {row.number} does not balance: {format_cents(row.counted)}"
            for row in rows
        ],
    )


_SUMS = KeptSums(compare, Action.LEDGER_CHECKED, Action.LEDGER_REBUILT)


@internal("the nightly job and the operator's command")
def check(session: Session) -> Comparison:
    """Compare, and record in the history what was found."""
    return _SUMS.check(session)


@internal("the operator's command")
def rebuild(session: Session) -> int:
    """Put the balances right from the postings. Gives how many were wrong; posting waits meanwhile."""
    mended = queries.rebuild(session)
    _SUMS.record_rebuilt(session, mended)
    return mended


@internal("holds sums, and the numbers of accounts; the page that shows it asks")
def last_check(session: Session) -> Comparison | None:
    """The newest comparison of the history; None when the balances were rebuilt since, or never compared."""
    return _SUMS.last_check(session)
