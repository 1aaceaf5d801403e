"""The door to the ledger: charge, take in payments, give credit, bill payers, reverse; balances for other rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import views
from app.core.errors import Conflict, NotFound
from app.core.permissions import Actor, Role, Subject
from app.core.views import Part
from app.db.models import LedgerAccount, LedgerTransaction, User
from app.documents import service as documents
from app.finance.ledger import chart, policy, queries
from app.finance.ledger.balances.service import (
    PaidByPayer,
    balances_of,
    enrollments_paid_by,
    money_of,
    paid_by_payers,
    without_program,
)
from app.finance.ledger.posting import open_day, post, post_for_student, preview_for_student
from app.finance.ledger.refunds import credit_refund, hold_still, pay_out, take_back
from app.finance.ledger.schemas import Entry, ReversalForm
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "Account",
    "Booked",
    "PaidByPayer",
    "account",
    "accounts",
    "balances_of",
    "credit_refund",
    "enrollments_paid_by",
    "hold_still",
    "journal",
    "money_of",
    "paid_by_payers",
    "pay_out",
    "post_for_student",
    "preview_for_student",
    "reverse",
    "statement",
    "sums",
    "take_back",
    "transaction",
    "without_program",
]
REVERSIBLE = ("charge", "payment", "waiver", "scholarship", "payer_billing", "payer_payment")


# Reading


@dataclass(frozen=True, slots=True)
class Account:
    """A student's account. `totals` are cents by the school's accounts, debits above zero."""

    student: Row[Any]
    balance_cents: int
    totals: Mapping[str, int]
    enrollments: Sequence[Row[Any]]
    open_day: date

    @property
    def charged(self) -> list[tuple[str, int]]:
        """What was charged, by type; types without a charge are left out."""
        return [(name, -self.totals[code]) for name, code in chart.CHARGES.values() if self.totals.get(code)]

    @property
    def paid_cents(self) -> int:
        """What the student has paid, less what was paid out to them."""
        return sum(
            self.totals.get(code, 0) for code in dict.fromkeys(code for _n, code in chart.METHODS.values())
        )

    @property
    def billed_cents(self) -> int:
        """What payers owe, or have paid, in the student's place."""
        return sum(cents for code, cents in self.totals.items() if code.startswith(f"{chart.PAYERS}-"))

    @property
    def credited(self) -> list[tuple[str, int]]:
        """What the student need not pay."""
        names = (
            ("Waived tuition and fees", chart.WAIVERS),
            ("Waived books, kits and others", chart.OTHER_WAIVERS),
            ("Waived late fees", chart.LATE_FEE_WAIVERS),
            ("Scholarships", chart.SCHOLARSHIPS),
            ("Refunded tuition and fees", chart.REFUNDS),
            ("Refunded books and kits", chart.OTHER_REFUNDS),
        )
        return [(name, self.totals[code]) for name, code in names if self.totals.get(code)]


@views.opens(Part.MONEY, student="student_id")
def account(session: Session, subject: Subject, student_id: int) -> Account:
    """A student's account at a glance. Raises NotFound for other people's."""
    policy.require_read(session, subject, student_id)
    person = queries.student(session, student_id)
    if person is None or (
        person.role is not Role.STUDENT and queries.balance_of(session, student_id) is None
    ):
        raise NotFound(policy.NO_STUDENT)
    return Account(
        person,
        queries.balance_of(session, student_id) or 0,
        queries.totals_of(session, student_id),
        queries.enrollments_of(session, student_id),
        open_day(session),
    )


def statement(session: Session, subject: Subject, student_id: int, paging: Paging) -> Listing[Any]:
    """What was posted to a student's account with the balance after each line. Sorts: day, amount, kind.

    Raises NotFound for other people's.
    """
    policy.require_read(session, subject, student_id)
    return queries.statement(session, paging, LedgerAccount.student_id == student_id)


def accounts(session: Session, subject: Actor, paging: Paging, *, state: str | None = None) -> Listing[Any]:
    """Students' accounts. Sorts: student, email, balance, last_payment. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, User.id)
    return queries.accounts(session, paging, visible, state=state)


def sums(session: Session, subject: Subject) -> Row[Any]:
    """owed, credit, owing: what students owe together, what they are owed, how many owe. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.sums(session, policy.visible(session, subject, LedgerAccount.student_id))


def journal(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    kinds: Collection[str] = (),
    method: str | None = None,
    payer_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Listing[Any]:
    """Every transaction. Sorts: day, number, student, kind, amount. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, LedgerTransaction.student_id)
    return queries.journal(
        session, paging, visible, kinds=kinds, method=method, payer_id=payer_id, first=first, last=last
    )


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction with its lines, and whether it can be taken back."""

    row: Row[Any]
    lines: Sequence[Row[Any]]

    @property
    def reversible(self) -> bool:
        return self.row.kind in REVERSIBLE and self.row.reversed_by is None


@views.opens(
    Part.MONEY, student=lambda found, _given: found.row.student_id, record=lambda found: found.row.id
)
def transaction(session: Session, subject: Subject, transaction_id: int) -> Booked:
    """One transaction. Raises NotFound for other people's."""
    return _booked(session, subject, transaction_id)


def _booked(session: Session, subject: Actor, transaction_id: int) -> Booked:
    row = queries.transaction(session, transaction_id)
    if row is None:
        raise NotFound(policy.NO_TRANSACTION)
    if row.student_id is not None:
        policy.require_read(session, subject, row.student_id, policy.NO_TRANSACTION)
    elif not policy.may_read_all(subject):
        raise NotFound(policy.NO_TRANSACTION)
    return Booked(row, queries.lines_of(session, transaction_id))


# Posting


def reverse(session: Session, subject: Actor, transaction_id: int, values: ReversalForm) -> LedgerTransaction:
    """Take a transaction back by its opposite, on the open day; its receipt becomes void.

    Raises Forbidden, NotFound, Conflict for one that was reversed already or is none of the bursar's.
    """
    policy.require_post(subject)
    queries.lock_payment(session, transaction_id)
    found = _booked(session, subject, transaction_id)
    row = found.row
    if row.student_id is not None:
        policy.require_post_to(session, subject, row.student_id)
    if row.kind not in REVERSIBLE:
        raise Conflict(
            f"A transaction of the kind “{chart.KINDS[row.kind].lower()}” is not reversed here. Nothing was posted."
        )
    made = post(
        session,
        subject,
        Entry(
            "reversal",
            values.request,
            values.memo,
            tuple((line.code, -line.amount_cents) for line in found.lines),
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            payer_id=row.payer_id,
            method=row.method,
            reference=row.reference,
            reverses=transaction_id,
        ),
    )
    if row.receipt_id is not None:
        documents.void(session, subject, row.receipt_id, f"The payment was reversed: {values.memo}")
    return made
