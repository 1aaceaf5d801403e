"""The demo school's ledger: what every student was charged and has paid, sponsors, arrears, refunds, closed days."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import LedgerAccount
from app.demo.desk import Desk, Enrolled
from app.demo.refunds import Booked, write_refunds
from app.finance.ledger import chart
from app.rules import installments
from app.school.service import PolicyKind, policies

_ACTS = UUID("0d2c3a52-5a0f-4d0e-8a55-0f5e9a1f7c21")
PAYERS = (
    ("WorkSource Atlanta Regional", "wioa", "Individual training accounts, Peachtree Street, Atlanta"),
    ("VA Education Service", "va", "Chapter 33, Regional Processing Office"),
    ("Chattahoochee Dental Partners", "employer", "Accounts payable"),
)
PAYERS_OF_WITHDRAWN = (
    ("VA Veteran Readiness and Employment", "va", "Chapter 31, Atlanta Regional Office"),
    ("Southside Career Scholarship Fund", "sponsor", "Grants office"),
)
"""They have paid all that they were billed for."""
REGISTRATION, KIT, BOOKS, EXAM = 15_000, 38_500, 42_000, 27_000
MONTHS = 10
CLOSED_DAYS = 20
"""School days at the end whose cash was counted."""


def write_ledger(session: Session, desk: Desk, enrolled: list[Enrolled], withdrawals: dict[int, int]) -> None:
    """Charges, payments, credits and refunds of every enrollment; balanced, or the database refuses it.

    Refunds come from what was posted before them. `withdrawals` are those numbers by enrollment.
    """
    random = Random("ledger")
    every = (*PAYERS, *PAYERS_OF_WITHDRAWN)
    keys = desk.copier.keys("ledger_payers", len(every))
    payers, others = keys[: len(PAYERS)], keys[len(PAYERS) :]
    desk.copier.copy(
        "ledger_payers",
        ("id", "name", "kind", "contact", "created_by", "created_at"),
        ((key, *payer, desk.staff_ids[2], desk.founded) for key, payer in zip(keys, every, strict=True)),
    )
    sponsored = _sponsored(desk, enrolled, others)
    booked: list[Booked] = []
    for number, item in enumerate(enrolled):
        booked += _enrollment(random, desk, item, number, payers, sponsored.get(item.id))
    booked = [one for one in booked if one.day <= desk.today]
    booked += _bounced(booked)
    booked.sort(key=lambda one: (one.day, one.kind == "reversal"))
    accounts = _open_accounts(session, desk, booked, keys)
    key_of = _write(desk, booked, accounts)
    _plans(session, desk, booked, [key_of[id(one)] for one in booked])
    booked += write_refunds(session, desk, enrolled, withdrawals, lambda more: _write(desk, more, accounts))
    _close(desk, booked)


def _sponsored(desk: Desk, enrolled: list[Enrolled], payers: list[int]) -> dict[int, int]:
    """The payer of every fourth enrollment that was left early and not lately, so that refunds go back to payers, too.

    Before half of the program something is owed under every rule, so that who paid changes no chance of the school.
    """
    early = [
        item
        for item in enrolled
        if item.withdrawal_processed_at is not None
        and item.withdrawal_processed_at < desk.moment - timedelta(days=60)
        and item.story.minutes * 10 < item.story.program.clock_hours * 60 * 4
    ]
    return {item.id: payers[place % len(payers)] for place, item in enumerate(early[1::4])}


def _enrollment(
    random: Random, desk: Desk, item: Enrolled, number: int, payers: list[int], sponsor: int | None
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
    if sponsor is not None:
        code, cents = chart.payer_code(sponsor), plan.tuition_cents // 2
        yield Booked(
            starts, "payer_billing", "Half of tuition", ((code, cents), (student, -cents)), item, sponsor,
            reference=f"A-{3000 + number}",
        )  # fmt: skip
        yield Booked(
            starts + timedelta(days=4), "payer_payment", "Authorization paid", ((chart.BANK, cents), (code, -cents)),
            None, sponsor, "transfer", f"ACH {8000 + number}",
        )  # fmt: skip
        owed -= cents
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
    rest, months = owed - owed // 5, MONTHS
    arrears = item.status == "active" and random.random() < 0.12
    stops = desk.today - timedelta(days=random.randint(35, 100)) if arrears else desk.today
    for month in range(months):
        day += timedelta(days=30)
        cents = installments.split(rest, months)[month]
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


def _plans(session: Session, desk: Desk, booked: list[Booked], keys: list[int]) -> None:
    """Of those who pay monthly most agreed to a plan; some were offered one, and one plan was replaced."""
    terms = json.dumps(
        policies.at(session, PolicyKind.PAYMENT_PLANS, desk.today).values.model_dump(mode="json")
        | {"version": 1}
    )
    of: dict[int, list[tuple[int, Booked]]] = {}
    for key, one in zip(keys, booked, strict=True):
        if one.item is not None:
            of.setdefault(one.item.id, []).append((key, one))
    rows: list[tuple[object, ...]] = []
    parts: list[tuple[int, int, date, int]] = []
    chosen = [
        several
        for several in of.values()
        if any(one.memo == "Down payment" for _key, one in several) and several[0][0] % 4 != 1
    ]
    numbers = desk.copier.keys("payment_plans", len(chosen) + 1)
    for place, several in enumerate(chosen):
        item = several[0][1].item
        if item is None or item.status == "withdrawn":
            continue
        starts = item.story.starts
        before = [(key, one) for key, one in several if one.day <= starts]
        student = chart.student_code(item.student.user_id)
        rest = sum(cents for _key, one in before for code, cents in one.lines if code == student)
        days = [starts + timedelta(days=30 * (month + 1)) for month in range(MONTHS)]
        if rest < MONTHS:
            continue
        offered = days[0] > desk.today
        made = desk.office(starts, 0.4)
        agreed = None if offered else desk.office(starts, 0.6)
        replaced = place == len(chosen) - 1 and not offered
        after = max(key for key, _one in before)
        amounts = installments.split(rest, MONTHS)
        due = [(month, day, amounts[month - 1]) for month, day in enumerate(days, 1)]
        if replaced:
            number = numbers[-1]
            rows.append(
                _plan(desk, number, item, rest, after, terms, made, agreed, None, desk.office(starts, 0.7))
            )
            parts += [(number, *one) for one in due]
            made, agreed = desk.office(starts, 0.7), desk.office(starts, 0.8)
        number = numbers[place]
        rows.append(
            _plan(
                desk, number, item, rest, after, terms, made, agreed, numbers[-1] if replaced else None, None
            )
        )
        parts += [(number, *one) for one in due]
    desk.copier.copy(
        "payment_plans",
        ("id", "student_id", "enrollment_id", "total_cents", "after_transaction", "terms", "supersedes_id", "request",
         "created_by", "created_at", "agreed_at", "ended_at", "ended_because", "ended_by"),
        sorted(rows, key=lambda row: row[6] is not None),
    )  # fmt: skip
    desk.copier.copy("payment_plan_installments", ("plan_id", "number", "due_on", "amount_cents"), parts)


def _plan(
    desk: Desk,
    number: int,
    item: Enrolled,
    cents: int,
    after: int,
    terms: str,
    made: datetime,
    agreed: datetime | None,
    replaces: int | None,
    ended: datetime | None,
) -> tuple[object, ...]:
    return (
        number, item.student.user_id, item.id, cents, after, terms, replaces, uuid5(_ACTS, f"plan {number}"),
        desk.staff_ids[2], made, agreed, ended, "superseded" if ended else None, desk.staff_ids[2] if ended else None,
    )  # fmt: skip
