"""The demo school's refunds: computed from the ledger like any other, waiting, approved, paid in time, overdue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from app.demo.desk import Desk, Enrolled
from app.enrollment import service as enrollment
from app.finance.ledger import chart
from app.finance.refunds.cases import account
from app.finance.refunds.cases.account import Computed, Leaving
from app.school.money import BillingPolicy

_ACTS = UUID("3c1a61f7-4b0e-4f57-9d3c-5d0f8c1b6a72")
WAITING, APPROVED = 1, 3
"""The newest refund waits for approval; of the ones before it one waits for its second approval, and two are approved
and not paid out yet, of which one is sent back later (`app.demo.sent_back`)."""
LIMIT = BillingPolicy().second_approval_above_dollars * 100


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction to come; `lines` are account codes with cents."""

    day: Any
    kind: str
    memo: str
    lines: tuple[tuple[str, int], ...]
    item: Enrolled | None = None
    payer: int | None = None
    method: str | None = None
    reference: str | None = None


@dataclass(slots=True)
class Case:
    """A refund with what became of it."""

    item: Enrolled
    withdrawal_id: int
    computed: Computed
    processed: datetime
    endorsed: datetime | None = None
    """When the first of two people approved it, above the limit."""
    approved: datetime | None = None
    remitted: datetime | None = None

    @property
    def cents(self) -> int:
        return self.computed.result.amount_cents


def write_refunds(
    session: Session,
    desk: Desk,
    enrolled: list[Enrolled],
    withdrawals: dict[int, int],
    book: Callable[[list[Booked]], dict[int, int]],
) -> list[Booked]:
    """Refunds of all processed withdrawals. `book` posts transactions and answers their numbers by `id()`."""
    cases = [
        _case(session, desk, item, withdrawals[item.id], item.withdrawal_processed_at)
        for item in enrolled
        if item.withdrawal_processed_at is not None
    ]
    cases.sort(key=lambda one: (one.processed, one.item.id))
    for one in cases:
        if one.computed.terms.in_force is not None:
            one.computed.terms.in_force.used(session)
    _live(desk, cases)
    credited = {id(one): _credit(desk, one) for one in cases if one.approved and one.cents}
    payments = {
        id(one): [_payment(desk, one, payee) for payee in one.computed.payees]
        for one in cases
        if one.remitted and one.cents
    }
    booked = [*credited.values(), *(one for several in payments.values() for one in several)]
    booked.sort(key=lambda one: one.day)
    numbers = book(booked)
    keys = desk.copier.keys("refunds", len(cases))
    registrar, chief, bursar = desk.staff_ids[1], desk.staff_ids[0], desk.staff_ids[2]
    desk.copier.copy(
        "refunds",
        ("id", "withdrawal_id", "amount_cents", "policy_basis", "due_on", "computed_by", "endorsed_at", "endorsed_by",
         "approved_at", "approved_by", "remitted_at", "credit_transaction_id", "created_at"),
        (
            (key, one.withdrawal_id, one.cents, one.computed.basis, one.computed.result.due_on, registrar,
             one.endorsed, bursar if one.endorsed else None,
             one.approved, chief if one.approved else None, one.remitted,
             numbers[id(credited[id(one)])] if id(one) in credited else None, one.processed)
            for key, one in zip(keys, cases, strict=True)
        ),
    )  # fmt: skip
    desk.copier.copy(
        "refund_computations",
        ("refund_id", "number", "computed_at", "computed_by", "case_file", "result", "assumptions", "payees",
         "amount_cents", "other_cents"),
        (
            (key, 1, one.processed, registrar, one.computed.case_file, one.computed.result.as_record(),
             Jsonb(one.computed.assumptions), Jsonb(one.computed.payees), one.cents, one.computed.other_cents)
            for key, one in zip(keys, cases, strict=True)
        ),
    )  # fmt: skip
    desk.copier.copy(
        "refund_remittances",
        ("refund_id", "payer_id", "payee", "amount_cents", "method", "reference", "remitted_at", "remitted_by",
         "transaction_id", "request"),
        (
            (key, payee["payer_id"], payee["name"], payee["amount_cents"], paid.method, paid.reference, one.remitted,
             bursar, numbers[id(paid)], uuid5(_ACTS, f"{key} {payee['payer_id']}"))
            for key, one in zip(keys, cases, strict=True)
            for payee, paid in zip(one.computed.payees, payments.get(id(one), ()), strict=id(one) in payments)
        ),
    )  # fmt: skip
    return booked


def _case(session: Session, desk: Desk, item: Enrolled, withdrawal_id: int, processed: datetime) -> Case:
    leaving = Leaving.of(enrollment.frozen_figures(session, withdrawal_id))
    return Case(item, withdrawal_id, account.compute(session, leaving, desk.zone), processed)


def _live(desk: Desk, cases: list[Case]) -> None:
    """Approved within some days, paid within the 45 that the state allows; one of the past was forgotten."""
    for one in cases[: len(cases) - WAITING]:
        asked = one.item.story.left or desk.moment
        one.approved = desk.past(
            desk.office(one.processed.date() + timedelta(days=desk.random.randint(1, 9)))
        )
        if one.approved and one.cents:
            one.remitted = desk.past(desk.office(asked.date() + timedelta(days=desk.random.randint(24, 40))))
    owed = [one for one in cases if one.cents]
    for one in owed[-WAITING - APPROVED : -WAITING]:
        one.approved = one.approved or one.processed
        one.remitted = None
    _await_second(owed[-WAITING - APPROVED :])
    overdue = [one for one in owed if one.remitted and one.computed.result.due_on < desk.today]
    if overdue:
        overdue[-1].remitted = None

    for one in cases:
        if one.approved and one.cents > LIMIT:
            one.endorsed = one.approved


def _await_second(latest: list[Case]) -> None:
    """Of the latest refunds the oldest above the limit has its first approval alone."""
    large = [one for one in latest if one.cents > LIMIT]
    if large and len(latest) > 1:
        one = large[0]
        one.endorsed, one.approved = one.approved or one.processed, None


def _credit(desk: Desk, one: Case) -> Booked:
    parts = (
        (chart.REFUNDS, one.cents - one.computed.other_cents),
        (chart.OTHER_REFUNDS, one.computed.other_cents),
    )
    lines = (
        *((code, cents) for code, cents in parts if cents),
        (chart.student_code(one.item.student.user_id), -one.cents),
    )
    day = (one.approved or desk.moment).astimezone(desk.zone).date()
    return Booked(day, "refund", "Refund after withdrawal", lines, one.item)


def _payment(desk: Desk, one: Case, payee: dict[str, Any]) -> Booked:
    cents = payee["amount_cents"]
    lines = ((chart.student_code(one.item.student.user_id), cents), (chart.BANK, -cents))
    day = (one.remitted or desk.moment).astimezone(desk.zone).date()
    memo = f"Refund paid to {payee['name']}"
    return Booked(
        day, "remittance", memo, lines, one.item, payee["payer_id"], "transfer", f"ACH {one.item.id}"
    )
