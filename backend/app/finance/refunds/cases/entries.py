"""What the ledger says of an enrollment, sorted by what it is for.

The ledger does not say what a payment was for, so it pays the oldest charge first, as everywhere in the ledger.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Row

from app.finance.agreements.service import AgreedItem, AgreedSegment
from app.finance.ledger import chart
from app.finance.refunds.cases.payees import Paid
from app.finance.refunds.cases.terms import Terms

ITEMS = {
    code: name
    for name, code in chart.CHARGES.values()
    if code in (chart.BOOKS, chart.KITS, chart.THIRD_PARTIES, chart.LATE_FEES)
}
"""Accounts of the charges beside tuition and fees, and what an item is called that no agreement names. No agreement
itemizes late fees."""
_KINDS = {code: kind for kind, (_name, code) in chart.CHARGES.items()}
_CREDITS = (chart.WAIVERS, chart.SCHOLARSHIPS)
_MONEY = frozenset(code for _name, code in chart.METHODS.values())


class Entries:
    """Payments, charges and credits of an enrollment, and the items that were charged."""

    def __init__(self, rows: Sequence[Row[Any]], terms: Terms, kept: Collection[str]) -> None:
        self._kept = kept
        self.payments: list[tuple[date, int]] = []
        self.charges: list[tuple[date, str, int]] = []
        self._credits = 0
        self._late_credits = 0
        self._other_credits: list[int] = []
        items = {one.name: one for one in terms.items}
        self._names = {
            code: f"{name} beyond the agreement" if name in items else name for code, name in ITEMS.items()
        }
        fee_left = terms.application_fee_cents
        for row in rows:
            if row.kind == "charge":
                cents = -row.amount_cents
                if row.code in ITEMS:
                    self._charge_item(items, terms, row, cents)
                    continue
                if row.code == chart.FEES and fee_left:
                    fee, fee_left = min(cents, fee_left), fee_left - min(cents, fee_left)
                    self.charges.append((row.booked_on, "application_fee", fee))
                    cents -= fee
                if cents:
                    self.charges.append((row.booked_on, "program", cents))
            elif row.kind == "payment" and row.code in _MONEY:
                self.payments.append((row.booked_on, row.amount_cents))
            elif row.code in _CREDITS:
                self._credits += row.amount_cents
            elif row.code == chart.LATE_FEE_WAIVERS:
                self._late_credits += row.amount_cents
            elif row.code == chart.OTHER_WAIVERS:
                self._other_credits.append(row.amount_cents)
        self.items = list(items.values())
        self._credit_by_group = self._spread()

    def _charge_item(self, items: dict[str, AgreedItem], terms: Terms, row: Row[Any], cents: int) -> None:
        """A charge of books, a kit, a third party or a late fee: the agreed item of the same type that costs this or is
        not fully charged yet. A charge of more than that fills the agreed items of its type up to their prices, those
        that are refundable first; what is beyond them is an item of its own, which is refundable."""
        owed = {
            one.name: one.amount_cents - self.charged(one.name)
            for one in sorted(terms.items, key=lambda one: not one.refundable)
            if chart.CHARGES[one.kind][1] == row.code
        }
        whole = [one.name for one in terms.items if owed.get(one.name, 0) >= cents]
        exact = [name for name in whole if owed[name] == cents]
        for name in [*exact, *whole][:1] or owed:
            share = min(cents, owed[name])
            if share:
                self.charges.append((row.booked_on, name, share))
                cents -= share
        if cents:
            name = self._names[row.code]
            before = items[name].amount_cents if name in items else 0
            items[name] = AgreedItem(
                name, before + cents, refundable=True, disclosed=False, kind=_KINDS[row.code]
            )
            self.charges.append((row.booked_on, name, cents))

    def charged(self, group: str) -> int:
        """Cents charged for a group: `program`, `application_fee` or an item's name."""
        return sum(cents for _day, name, cents in self.charges if name == group)

    def credit_of(self, group: str) -> int:
        """What was waived or granted of it."""
        return self._credit_by_group.get(group, 0)

    def _spread(self) -> dict[str, int]:
        """Credits lower tuition and fees first, then the items in the order of their charges; what was waived of late
        fees, and of books, kits and third parties, lowers these first.

        The ledger does not say of which item: of one that costs as much, else of one that costs more. Of several, what
        the school keeps is lowered before what it refunds, so that the doubt is the student's.
        """
        groups = dict.fromkeys(group for _day, group, _cents in self.charges)
        program = dict.fromkeys(["program", *groups])
        late = self._names[chart.LATE_FEES]
        own = [group for group in groups if group not in ("program", "application_fee", late)]
        own.sort(key=lambda group: group not in self._kept)
        found: dict[str, int] = {}

        def lower(credit: int, order: Iterable[str]) -> None:
            for group in dict.fromkeys(order):
                share = min(credit, self.charged(group) - found.get(group, 0))
                if share:
                    found[group] = found.get(group, 0) + share
                    credit -= share

        lower(self._late_credits, [late, *own, *program])
        for waived in self._other_credits:
            owed = {group: self.charged(group) - found.get(group, 0) for group in own}
            exact = [group for group in own if owed[group] == waived]
            whole = [group for group in own if owed[group] > waived]
            lower(waived, [*exact, *whole, *own, late, *program])
        lower(self._credits, program)
        return found

    def paid(self, payments: Sequence[Paid]) -> list[Paid]:
        """Payments by what they paid for: the oldest charge first, what is beyond all charges toward the program. Of
        one day a payer's money comes first, because payers pay for tuition before anything else."""
        credit = dict(self._credit_by_group)
        owed: list[list[Any]] = []
        for _day, group, cents in self.charges:
            lowered = min(cents, credit.get(group, 0))
            credit[group] = credit.get(group, 0) - lowered
            owed.append([purpose_of(group), cents - lowered])
        found: list[Paid] = []
        for one in sorted(payments, key=lambda one: (one.day, one.payer is None, one.cents)):
            left = one.cents
            for entry in owed:
                share = min(left, entry[1])
                if share:
                    entry[1] -= share
                    left -= share
                    found.append(replace(one, cents=share, purpose=entry[0]))
            if left:
                found.append(replace(one, cents=left))
        return found


def less(segments: Sequence[AgreedSegment], credit: int) -> list[dict[str, Any]]:
    """Segments with what was waived or granted taken off each in proportion, the last one taking the rest."""
    whole = sum(one.charge_cents for one in segments)
    left, found = min(credit, whole), []
    for place, one in enumerate(segments, 1):
        share = (
            left
            if place == len(segments)
            else min(left, one.charge_cents * min(credit, whole) // (whole or 1))
        )
        share = min(share, one.charge_cents)
        left -= share
        found.append(
            {
                "name": one.name,
                "total_minutes": one.total_minutes,
                "charge_cents": one.charge_cents - share,
            }
        )
    return found


def purpose_of(group: str) -> str:
    """What a case file calls a payment for a group."""
    return group if group in ("program", "application_fee") else f"item:{group}"
