"""The case of a withdrawal from the student's own account: charges, payments, credits and payers of the ledger.

The ledger does not say what a payment was for, so it pays the oldest charge first, as everywhere in the ledger. What
was waived or granted as a scholarship lowers what is charged: a refund is of money paid.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core.money import format_cents
from app.enrollment.service import ProcessedWithdrawal
from app.finance.agreements.service import AgreedItem, AgreedSegment
from app.finance.ledger import chart
from app.finance.ledger import service as ledger
from app.finance.refunds import door
from app.finance.refunds.cases import queries
from app.finance.refunds.cases.terms import Terms, terms_of
from app.rules.refunds import Case, Result

PAYER_ORDER = tuple(chart.PAYER_KINDS)
"""Who is paid back first: public funds, then employers and sponsors. The student comes last."""
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


@dataclass(frozen=True, slots=True)
class Leaving:
    """A withdrawal as a refund sees it: minutes are those that its processing froze. `total_minutes` is None for a
    program without clock hours; `percent` then says how far the student was."""

    withdrawal_id: int
    enrollment_id: int
    user_id: int
    kind: str
    withdrawn_at: datetime
    completed_minutes: int
    total_minutes: int | None
    percent: int = 0

    @classmethod
    def of(cls, processed: ProcessedWithdrawal) -> Self:
        """As its processing froze it."""
        hours = processed.figures.hours
        return cls(
            withdrawal_id=processed.withdrawal_id,
            enrollment_id=processed.enrollment_id,
            user_id=processed.user_id,
            kind=processed.kind,
            withdrawn_at=processed.withdrawn_at,
            completed_minutes=hours.completed_minutes,
            total_minutes=hours.total_minutes,
            percent=processed.figures.percent,
        )


@dataclass(frozen=True, slots=True)
class Computed:
    """A refund with the case it was computed from. `other_cents` is the part of books, kits and third parties."""

    case_file: dict[str, Any]
    result: Result
    other_cents: int
    payees: list[dict[str, Any]]
    assumptions: list[str]

    @property
    def basis(self) -> str:
        """What is kept with the refund: the computation in words, one step a line, then what it rests on."""
        return "\n".join([self.result.basis, *self.assumptions])


@dataclass(frozen=True, slots=True)
class Gathered:
    """A case file, what it rests on beside an agreement and the ledger, and who paid."""

    case_file: dict[str, Any]
    assumptions: list[str]
    payers: list[ledger.PaidByPayer]
    student: str


def gather(session: Session, leaving: Leaving, zone: ZoneInfo, kept: Collection[str] = ()) -> Gathered:
    """The case of a withdrawal as the ledger and the agreement stand now. `kept` names items that were issued."""
    row = queries.enrolled(session, leaving.enrollment_id)
    terms = terms_of(session, leaving.enrollment_id, row, zone, leaving.withdrawn_at)
    money = _Money(ledger.money_of(session, leaving.enrollment_id), terms)
    payers = ledger.paid_by_payers(session, leaving.enrollment_id)
    assumptions = list(terms.assumptions)
    total, done = leaving.total_minutes, leaving.completed_minutes
    if not total:
        total, done = 6_000, 60 * leaving.percent
        assumptions.append(
            f"The program counts no clock hours, so the part completed is the {leaving.percent}% of its progress, "
            "shown as hours of 100."
        )
    if not money.payments and not payers:
        assumptions.append("No payment for this program is in the ledger, so there is nothing to refund.")
    if loose := ledger.without_program(session, leaving.enrollment_id):
        assumptions.append(
            f"{format_cents(loose)} was paid without naming a program, and the student has several. It is not counted: "
            "reverse it and record it for its program, then compute again."
        )
    if any(one.kind == "va" for one in payers):
        assumptions.append("VA paid a part, so the rule for VA funds is used for all of it.")
    charge = money.charged("program") or row.tuition_amount_cents or 0
    segments = terms.segments or (AgreedSegment(row.program, total, charge),)
    total = max(total, sum(one.total_minutes for one in segments))
    paid = money.paid([*money.payments, *((one.booked_on, one.cents) for one in payers)])
    case_file: dict[str, Any] = {
        "policy": terms.policy,
        "program": {
            "total_minutes": total,
            "segments": _less(segments, money.credit_of("program")),
        },
        "agreement": {
            "signed_at": terms.signed_at.astimezone(zone).isoformat(),
            "application_fee_cents": terms.application_fee_cents,
            "application_fee_disclosed": terms.application_fee_disclosed,
        },
        "items": [
            {
                "name": one.name,
                "amount_cents": max(0, one.amount_cents - money.credit_of(one.name)),
                "refundable": one.refundable,
                "disclosed": one.disclosed,
                "kept": one.name in kept,
            }
            for one in money.items
        ],
        "payments": [
            {"amount_cents": cents, "paid_on": day.isoformat(), "for": _purpose(group)}
            for day, cents, group in paid
        ],
        "attended_minutes": done,
        "withdrawn_at": leaving.withdrawn_at.astimezone(zone).isoformat(),
        "kind": leaving.kind,
        "settings": {
            "time_zone": zone.key,
            "payer": "va" if any(one.kind == "va" for one in payers) else "student",
        },
    }
    return Gathered(case_file, assumptions, payers, row.full_name)


def compute(session: Session, leaving: Leaving, zone: ZoneInfo, kept: Collection[str] = ()) -> Computed:
    """The refund of a withdrawal as the ledger and the agreement stand now.

    Raises door.CaseRefused where they contradict each other.
    """
    found = gather(session, leaving, zone, kept)
    case = door.case_of(found.case_file)
    result = door.compute(case)
    bare = door.compute(
        replace(case, payments=tuple(one for one in case.payments if not one.purpose.startswith("item:")))
    )
    other = min(max(0, result.amount_cents - bare.amount_cents), result.amount_cents)
    payees = _payees(result.amount_cents, found.payers, found.student)
    return Computed(found.case_file, result, other, payees, found.assumptions)


def if_left(session: Session, enrollment_id: int, case: Case) -> tuple[Case, Sequence[str]] | None:
    """What leaving now would be, for the what-if page: `case` gives the moment and the minutes; None where nothing was
    ever posted for the enrollment."""
    if not ledger.money_of(session, enrollment_id):
        return None
    leaving = Leaving(
        withdrawal_id=0,
        enrollment_id=enrollment_id,
        user_id=0,
        kind=case.kind,
        withdrawn_at=case.withdrawn_at,
        completed_minutes=case.attended_minutes,
        total_minutes=case.total_minutes,
    )
    found = gather(session, leaving, ZoneInfo(case.settings.time_zone))
    return door.case_of(found.case_file), found.assumptions


def _less(segments: Sequence[AgreedSegment], credit: int) -> list[dict[str, Any]]:
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


def _purpose(group: str) -> str:
    return group if group in ("program", "application_fee") else f"item:{group}"


def _payees(amount: int, payers: Sequence[ledger.PaidByPayer], student: str) -> list[dict[str, Any]]:
    """Who gets how much: each payer up to what they paid, the student the rest."""
    given: dict[int, list[Any]] = {}
    for one in sorted(payers, key=lambda one: (PAYER_ORDER.index(one.kind), one.booked_on, one.payer_id)):
        given.setdefault(one.payer_id, [one.name, 0])[1] += one.cents
    found: list[dict[str, Any]] = []
    left = amount
    for payer_id, (name, cents) in given.items():
        share = min(left, cents)
        if share:
            found.append({"payer_id": payer_id, "name": name, "amount_cents": share})
            left -= share
    if left:
        found.append({"payer_id": None, "name": student, "amount_cents": left})
    return found


class _Money:
    """What the ledger says of an enrollment, sorted by what it is for."""

    def __init__(self, rows: Sequence[Row[Any]], terms: Terms) -> None:
        self.payments: list[tuple[date, int]] = []
        self.charges: list[tuple[date, str, int]] = []
        self._credits = 0
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
            elif row.code == chart.OTHER_WAIVERS:
                self._other_credits.append(row.amount_cents)
        self.items = list(items.values())
        self._credit_by_group = self._spread()

    def _charge_item(self, items: dict[str, AgreedItem], terms: Terms, row: Row[Any], cents: int) -> None:
        """A charge of books, a kit, a third party or a late fee: an agreed item of the same type, of this price or not
        fully charged yet, or an item of its own, which is refundable."""
        owed = {
            one.name: one.amount_cents - self.charged(one.name)
            for one in terms.items
            if chart.CHARGES[one.kind][1] == row.code
        }
        name = next((one for one, left in owed.items() if left == cents), None)
        if name is None:
            name = next((one for one, left in owed.items() if left >= cents), None)
        if name is None:
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
        """Credits lower tuition and fees first, then the items in the order of their charges; what was waived of books,
        kits and the like lowers the items first.

        The ledger does not say of which of these: of what costs as much, late fees before others; else of the late fees
        where it is no more than they are.
        """
        groups = dict.fromkeys(group for _day, group, _cents in self.charges)
        program = dict.fromkeys(["program", *groups])
        own = [group for group in groups if group not in ("program", "application_fee")]
        late = self._names[chart.LATE_FEES]
        found: dict[str, int] = {}

        def lower(credit: int, order: Iterable[str]) -> None:
            for group in order:
                share = min(credit, self.charged(group) - found.get(group, 0))
                if share:
                    found[group] = found.get(group, 0) + share
                    credit -= share

        for waived in self._other_credits:
            owed = {group: self.charged(group) - found.get(group, 0) for group in own}
            likely = [group for group in own if owed[group] == waived]
            if late in likely or (not likely and owed.get(late, 0) > waived):
                likely = [late]
            lower(waived, dict.fromkeys([*likely, *own, *program]))
        lower(self._credits, program)
        return found

    def paid(self, payments: Sequence[tuple[date, int]]) -> list[tuple[date, int, str]]:
        """Payments by what they paid for: the oldest charge first, what is beyond all charges toward the program."""
        credit = dict(self._credit_by_group)
        owed: list[list[Any]] = []
        for _day, group, cents in self.charges:
            less = min(cents, credit.get(group, 0))
            credit[group] = credit.get(group, 0) - less
            owed.append([group, cents - less])
        found: dict[tuple[date, str], int] = {}
        for day, cents in sorted(payments):
            left = cents
            for entry in owed:
                share = min(left, entry[1])
                if share:
                    entry[1] -= share
                    left -= share
                    found[day, entry[0]] = found.get((day, entry[0]), 0) + share
            if left:
                found[day, "program"] = found.get((day, "program"), 0) + left
        return [(day, cents, group) for (day, group), cents in found.items()]
