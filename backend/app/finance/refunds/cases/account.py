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

from app.db.models import RefundComputation
from app.enrollment.service import ProcessedWithdrawal
from app.finance.agreements.service import AgreedItem, AgreedSegment
from app.finance.ledger import chart
from app.finance.ledger import service as ledger
from app.finance.refunds import door
from app.finance.refunds.cases import payees, queries, sentences
from app.finance.refunds.cases.payees import Paid
from app.finance.refunds.cases.terms import Terms, terms_of, with_holidays_of
from app.rules.refunds import Case, Result
from app.rules.refunds_readings import who_is_first
from app.rules.withdrawals import Event

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
    basis: Event | None = None
    """What gave `withdrawn_at`; None where nobody knows."""

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
            basis=processed.date_basis,
        )


@dataclass(frozen=True, slots=True)
class Computed:
    """A refund with the case it was computed from. `other_cents` is the part of books, kits and third parties."""

    case_file: dict[str, Any]
    result: Result
    other_cents: int
    payees: list[dict[str, Any]]
    assumptions: list[str]
    terms: Terms

    @property
    def basis(self) -> str:
        """What is kept with the refund: the computation in words, one step a line, then what it rests on."""
        return "\n".join([self.result.basis, *self.assumptions])


@dataclass(frozen=True, slots=True)
class Gathered:
    """A case file, what it rests on beside an agreement and the ledger, and who paid for what."""

    case_file: dict[str, Any]
    assumptions: list[str]
    paid: list[Paid]
    student: str
    terms: Terms


def gather(
    session: Session,
    leaving: Leaving,
    zone: ZoneInfo,
    kept: Collection[str] = (),
    first: RefundComputation | None = None,
) -> Gathered:
    """The case of a withdrawal as the ledger and the agreement stand now. `kept` names items that were issued.

    `first` is the first computation of its refund: where no agreement holds the school's holidays, it does.
    """
    row = queries.enrolled(session, leaving.enrollment_id)
    terms = terms_of(session, leaving.enrollment_id, row, zone, leaving.withdrawn_at)
    if first is not None:
        terms = with_holidays_of(terms, first, zone)
    money = _Money(ledger.money_of(session, leaving.enrollment_id), terms, kept)
    payers = ledger.paid_by_payers(session, leaving.enrollment_id)
    assumptions = [terms.source, *terms.assumptions, *terms.holidays(zone)]
    total, done = leaving.total_minutes, leaving.completed_minutes
    if not total:
        total, done = 6_000, 60 * leaving.percent
        assumptions.append(
            f"The program counts no clock hours, so the part completed is the {leaving.percent}% of its progress, "
            "shown as hours of 100."
        )
    if loose := ledger.without_program(session, leaving.enrollment_id):
        assumptions.append(sentences.loose(loose))
    elif not money.payments and not payers:
        assumptions.append("No payment for this program is in the ledger, so there is nothing to refund.")
    if any(one.kind == "va" for one in payers):
        assumptions.append("VA paid a part, so the rule for VA funds counts for all of it.")
    charge = money.charged("program") or row.tuition_amount_cents or 0
    segments = terms.segments or (AgreedSegment(row.program, total, charge),)
    total = max(total, sum(one.total_minutes for one in segments))
    paid = money.paid(
        [
            *(Paid(day, cents, None) for day, cents in money.payments),
            *(Paid(one.booked_on, one.cents, one) for one in payers),
        ]
    )
    sums: dict[tuple[date, str], int] = {}
    for each in paid:
        sums[each.day, each.purpose] = sums.get((each.day, each.purpose), 0) + each.cents
    case_file: dict[str, Any] = {
        "policy": terms.refund.policy,
        "program": {
            "total_minutes": total,
            "segments": _less(segments, money.credit_of("program")),
            **_weeks(terms),
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
            {"amount_cents": cents, "paid_on": day.isoformat(), "for": purpose}
            for (day, purpose), cents in sums.items()
        ],
        "attended_minutes": done,
        "withdrawn_at": leaving.withdrawn_at.astimezone(zone).isoformat(),
        "kind": leaving.kind,
        "settings": {
            **terms.refund.settings,
            "time_zone": zone.key,
            "payer": "va" if any(one.kind == "va" for one in payers) else "student",
            **({"withdrawal_date": leaving.basis} if leaving.basis else {}),
        },
    }
    return Gathered(case_file, assumptions, paid, row.full_name, terms)


def compute(
    session: Session,
    leaving: Leaving,
    zone: ZoneInfo,
    kept: Collection[str] = (),
    first: RefundComputation | None = None,
) -> Computed:
    """The refund of a withdrawal as the ledger and the agreement stand now.

    Raises door.CaseRefused where they contradict each other.
    """
    found = gather(session, leaving, zone, kept, first)
    case = door.case_of(found.case_file)
    result = door.explain(case)
    back = payees.by_purpose(case, result.amount_cents)
    other = sum(cents for purpose, cents in back.items() if purpose.startswith("item:"))
    student_first = result.settings.payee == "student"
    shares, turned = (
        payees.payees(
            result.amount_cents,
            back,
            payees.counted(case, found.paid),
            found.student,
            student_first=first,
        )
        for first in (student_first, not student_first)
    )
    assumptions = found.assumptions
    if {one["payer_id"]: one["amount_cents"] for one in shares} != {
        one["payer_id"]: one["amount_cents"] for one in turned
    }:
        assumptions = [*assumptions, who_is_first("student" if student_first else "payer")]
    return Computed(found.case_file, result, other, shares, assumptions, found.terms)


def unchanged(computed: Computed, before: RefundComputation) -> bool:
    """Whether the case is the one of a computation before, however that was written down, and comes to the same: an
    update of the system may read the same case otherwise."""
    try:
        same = door.case_of(computed.case_file) == door.case_of(before.case_file)
    except door.CaseRefused:
        return False
    result = computed.result
    kept = (before.result["amount_cents"], before.result["due_on"], before.payees)
    return same and (result.amount_cents, result.due_on.isoformat(), computed.payees) == kept


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


def _weeks(terms: Terms) -> dict[str, Any]:
    """First day and weeks of the program, where the policy counts weeks."""
    if terms.refund.rule.schedule != "weekly" or terms.starts_on is None:
        return {}
    return {"starts_on": terms.starts_on.isoformat(), "weeks": terms.weeks}


class _Money:
    """What the ledger says of an enrollment, sorted by what it is for."""

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
            less = min(cents, credit.get(group, 0))
            credit[group] = credit.get(group, 0) - less
            owed.append([_purpose(group), cents - less])
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
