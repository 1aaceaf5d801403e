"""The demo school's ledger: what every student was charged and has paid, sponsors, arrears, refunds, closed days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import LedgerAccount
from app.demo.desk import Desk, Enrolled
from app.demo.refunds import Booked, write_refunds
from app.finance.ledger import chart

_ACTS = UUID("0d2c3a52-5a0f-4d0e-8a55-0f5e9a1f7c21")
PAYERS = (
    ("WorkSource Atlanta Regional", "wioa", "Individual training accounts, Peachtree Street, Atlanta"),
    ("VA Education Service", "va", "Chapter 33, Regional Processing Office"),
    ("Chattahoochee Dental Partners", "employer", "Accounts payable"),
)
REGISTRATION, KIT, BOOKS, EXAM = 15_000, 38_500, 42_000, 27_000
CLOSED_DAYS = 20
"""School days at the end whose cash was counted."""


def write_ledger(session: Session, desk: Desk, enrolled: list[Enrolled], withdrawals: dict[int, int]) -> None:
    """Charges, payments, credits and refunds of every enrollment; balanced, or the database refuses it.

    Refunds come from what was posted before them. `withdrawals` are those numbers by enrollment.
    """
    random = Random("ledger")
    payers = desk.copier.keys("ledger_payers", len(PAYERS))
    desk.copier.copy(
        "ledger_payers",
        ("id", "name", "kind", "contact", "created_by", "created_at"),
        ((key, *payer, desk.staff_ids[2], desk.founded) for key, payer in zip(payers, PAYERS, strict=True)),
    )
    booked: list[Booked] = []
    for number, item in enumerate(enrolled):
        booked += _enrollment(random, desk, item, number, payers)
    booked = [one for one in booked if one.day <= desk.today]
    booked += _bounced(booked)
    booked.sort(key=lambda one: (one.day, one.kind == "reversal"))
    accounts = _open_accounts(session, desk, booked, payers)
    _write(desk, booked, accounts)
    booked += write_refunds(session, desk, enrolled, withdrawals, lambda more: _write(desk, more, accounts))
    _close(desk, booked)


def _enrollment(
    random: Random, desk: Desk, item: Enrolled, number: int, payers: list[int]
) -> Iterator[Booked]:
    plan, student = item.story.program, chart.student_code(item.student.user_id)
    signed, starts = item.story.enrolled_at, item.story.starts
    left = item.withdrawal_processed_at is not None

    def charge(day: date, code: str, cents: int, memo: str) -> Booked:
        return Booked(day, "charge", memo, ((student, cents), (code, -cents)), item)

    yield charge(signed, chart.FEES, REGISTRATION, "Registration fee")
    yield charge(starts, chart.TUITION, plan.tuition_cents, f"Tuition, {plan.name}")
    yield charge(starts, chart.BOOKS, BOOKS, "Textbooks")
    owed = REGISTRATION + plan.tuition_cents + BOOKS
    if plan.has_externship:
        yield charge(starts, chart.KITS, KIT, "Instrument kit and scrubs")
        yield charge(starts + timedelta(days=90), chart.THIRD_PARTIES, EXAM, "Certification exam fee")
        owed += KIT + (EXAM if starts + timedelta(days=90) <= desk.today else 0)
    if number % 11 == 3 and not left:
        kind, code = ("scholarship", chart.SCHOLARSHIPS) if number % 2 else ("waiver", chart.WAIVERS)
        cents = 100_000 if number % 2 else REGISTRATION
        memo = "Merit scholarship" if number % 2 else "Registration fee waived: sibling of a student"
        yield Booked(starts, kind, memo, ((code, cents), (student, -cents)), item)
        owed -= cents
    if number % 9 == 4 and not left:
        payer = payers[number // 9 % len(payers)]
        code, cents = chart.payer_code(payer), plan.tuition_cents // 2
        yield Booked(
            starts, "payer_billing", "Half of tuition", ((code, cents), (student, -cents)), item, payer,
            reference=f"V-{2000 + number}",
        )  # fmt: skip
        owed -= cents
        if number % 2 == 0:
            yield Booked(
                starts + timedelta(days=35), "payer_payment", "Voucher paid", ((chart.BANK, cents), (code, -cents)),
                None, payer, "transfer", f"ACH {7000 + number}",
            )  # fmt: skip
    yield from _payments(random, desk, item, student, owed, in_full=left)


def _payments(
    random: Random, desk: Desk, item: Enrolled, student: str, owed: int, *, in_full: bool
) -> Iterator[Booked]:
    """A down payment and monthly installments; who left paid all of it at the start, and some are in arrears."""

    def payment(day: date, cents: int, memo: str) -> Booked:
        method = random.choice(("cash", "check", "card", "card", "transfer"))
        reference = None if method == "cash" else str(random.randint(1000, 9999))
        code = chart.METHODS[method][1]
        lines = ((code, cents), (student, -cents))
        return Booked(day, "payment", memo, lines, item, None, method, reference)

    day = item.story.starts
    if in_full:
        yield payment(day, owed, "Paid in full")
        return
    yield payment(day, owed // 5, "Down payment")
    rest, months = owed - owed // 5, 10
    arrears = item.status == "active" and random.random() < 0.12
    stops = desk.today - timedelta(days=random.randint(35, 100)) if arrears else desk.today
    for month in range(months):
        day += timedelta(days=30)
        cents = rest // months if month < months - 1 else rest - rest // months * (months - 1)
        if item.status != "completed" and day > stops:
            return
        yield payment(min(day, desk.today), cents, f"Installment {month + 1} of {months}")


def _bounced(booked: list[Booked]) -> list[Booked]:
    """The last check that was received was returned by the bank."""
    checks = [one for one in booked if one.kind == "payment" and one.method == "check"]
    if not checks:
        return []
    one = max(checks, key=lambda one: one.day)
    lines = tuple((code, -cents) for code, cents in one.lines)
    return [
        Booked(
            one.day, "reversal", "Check returned by the bank", lines, one.item, None, "check", one.reference
        )
    ]


def _open_accounts(session: Session, desk: Desk, booked: list[Booked], payers: list[int]) -> dict[str, int]:
    """The accounts of students and payers; the numbers of all by their codes."""
    students = sorted({one.item.student.user_id for one in booked if one.item})
    desk.copier.copy(
        "ledger_accounts",
        ("code", "name", "kind", "student_id", "payer_id"),
        [
            *((chart.student_code(one), f"Student {one}", "asset", one, None) for one in students),
            *((chart.payer_code(one), f"Payer {one}", "asset", None, one) for one in payers),
        ],
    )
    # The school's own accounts were there before.
    del desk.copier.counts["ledger_accounts"]
    return {row.code: row.id for row in session.execute(select(LedgerAccount.code, LedgerAccount.id))}


def _write(desk: Desk, booked: list[Booked], accounts: dict[str, int]) -> dict[int, int]:
    """Post the transactions; their numbers by `id()`."""
    keys = desk.copier.keys("ledger_transactions", len(booked))
    key_of = {id(one): key for one, key in zip(booked, keys, strict=True)}
    desk.copier.copy(
        "ledger_transactions",
        ("id", "kind", "booked_on", "student_id", "enrollment_id", "payer_id", "memo", "method", "reference",
         "reverses", "created_by", "request", "fingerprint"),
        (
            (key_of[id(one)], one.kind, one.day, one.item.student.user_id if one.item else None,
             one.item.id if one.item else None, one.payer, one.memo, one.method, one.reference,
             _reversed(booked, key_of, one), desk.staff_ids[2], uuid5(_ACTS, str(key_of[id(one)])), "demo")
            for one in booked
        ),
    )  # fmt: skip
    desk.copier.copy(
        "ledger_postings",
        ("transaction_id", "line", "account_id", "amount_cents"),
        (
            (key_of[id(one)], line, accounts[code], cents)
            for one in booked
            for line, (code, cents) in enumerate(one.lines, 1)
        ),
    )
    return key_of


def _reversed(booked: Iterable[Booked], keys: dict[int, int], one: Booked) -> int | None:
    if one.kind != "reversal":
        return None
    turned = tuple((code, -cents) for code, cents in one.lines)
    found = next(
        other
        for other in booked
        if (other.kind, other.day, other.item, other.reference, other.lines)
        == ("payment", one.day, one.item, one.reference, turned)
    )
    return keys[id(found)]


def _close(desk: Desk, booked: list[Booked]) -> None:
    """Every school day of the last weeks until yesterday was counted."""
    days = [
        desk.today - timedelta(days=back)
        for back in range(CLOSED_DAYS + 8, 0, -1)
        if (desk.today - timedelta(days=back)).weekday() < 5
    ]
    rows, after = [], None
    for place, day in enumerate(days):
        received = [
            (one.method, cents)
            for one in booked
            if one.method and one.day <= day and (after is None or one.day > after)
            for code, cents in one.lines
            if code == chart.METHODS[one.method][1]
        ]
        cash = sum(cents for method, cents in received if method == "cash")
        note = "First closing in this system" if place == 0 else None
        rows.append(
            (day, cash, cash, sum(cents for _method, cents in received), note, desk.staff_ids[2],
             desk.office(day, 0.99))
        )  # fmt: skip
        after = day
    desk.copier.copy(
        "ledger_closings",
        ("day", "expected_cents", "counted_cents", "receipts_cents", "note", "closed_by", "closed_at"),
        rows,
    )
