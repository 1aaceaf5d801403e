"""The case of a withdrawal from the student's own account: charges, payments, credits and payers of the ledger.

What was waived or granted as a scholarship lowers what is charged: a refund is of money paid.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db.models import RefundComputation
from app.enrollment.service import ProcessedWithdrawal
from app.finance.agreements.service import AgreedSegment
from app.finance.ledger import service as ledger
from app.finance.refunds import door
from app.finance.refunds.cases import payees, queries, sentences
from app.finance.refunds.cases.entries import Entries, less
from app.finance.refunds.cases.payees import Paid
from app.finance.refunds.cases.terms import Terms, terms_of, with_holidays_of
from app.rules.refunds import Case, Result
from app.rules.refunds_readings import who_is_first
from app.rules.withdrawals import Event


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
    money = Entries(ledger.money_of(session, leaving.enrollment_id), terms, kept)
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
            "segments": less(segments, money.credit_of("program")),
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


def _weeks(terms: Terms) -> dict[str, Any]:
    """First day and weeks of the program, where the policy counts weeks."""
    if terms.refund.rule.schedule != "weekly" or terms.starts_on is None:
        return {}
    return {"starts_on": terms.starts_on.isoformat(), "weeks": terms.weeks}
