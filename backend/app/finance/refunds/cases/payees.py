"""Whose money a refund is: by what was paid for, then by who paid it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from app.finance.ledger import chart
from app.finance.ledger import service as ledger
from app.finance.refunds import door
from app.rules.refunds import Case, Payment
from app.rules.refunds_payees import Share, shares

PAYER_ORDER = tuple(chart.PAYER_KINDS)
"""Who is paid back first: public funds, then employers and sponsors. The student comes last."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What somebody paid on a day for a purpose of the case; `payer` is None for the student."""

    day: date
    cents: int
    payer: ledger.PaidByPayer | None
    purpose: str = "program"


def by_purpose(case: Case, amount: int) -> dict[str, int]:
    """The refund by what was paid for, in cents that add up to it: what each purpose adds to those before it.

    What was not paid, and is taken from the refund, is taken off once: of what comes back of the program first.
    """
    case = replace(case, settings=replace(case.settings, unpaid_charges="not_offset"))
    whole = door.compute(case).amount_cents
    purposes = dict.fromkeys(["program", "application_fee", *(one.purpose for one in case.payments)])
    found: dict[str, int] = {}
    so_far: list[Payment] = []
    for purpose in purposes:
        more = [one for one in case.payments if one.purpose == purpose]
        if more:
            so_far += more
            back = door.compute(replace(case, payments=tuple(so_far))).amount_cents
            found[purpose] = max(0, min(back, whole) - sum(found.values()))
    off = whole - amount
    for purpose, cents in found.items():
        less = min(off, cents)
        found[purpose] = cents - less
        off -= less
    return found


def counted(case: Case, paid: Sequence[Paid]) -> list[Paid]:
    """The money that the refund is of: what came after the day of the withdrawal may be left out."""
    if case.settings.payments_after_withdrawal != "ignored":
        return list(paid)
    last = case.withdrawn_at.astimezone(ZoneInfo(case.settings.time_zone)).date()
    return [one for one in paid if one.day <= last]


def payees(
    amount: int, back: dict[str, int], paid: Sequence[Paid], student: str, *, student_first: bool
) -> list[dict[str, Any]]:
    """Who gets how much, in the order in which they are paid. `back` is the refund by purpose."""
    payers = sorted(
        (one for one in paid if one.payer is not None),
        key=lambda one: (
            (PAYER_ORDER.index(one.payer.kind), one.payer.booked_on, one.payer.payer_id) if one.payer else ()
        ),
    )
    names = {one.payer.payer_id: one.payer.name for one in payers if one.payer}
    own = [Share(None, one.purpose, one.cents) for one in paid if one.payer is None]
    others = [Share(one.payer.payer_id, one.purpose, one.cents) for one in payers if one.payer]
    found = shares(amount, back, [*own, *others], student_first=student_first)
    order = [None, *names] if student_first else [*names, None]
    return [
        {"payer_id": payer, "name": names.get(payer or 0, student), "amount_cents": found[payer]}
        for payer in order
        if payer in found
    ]
