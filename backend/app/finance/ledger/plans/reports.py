"""The list of payment plans, described."""

from typing import Any

from app.finance.ledger.plans.schemas import STATES
from app.web.reports import Column, Filter, Kind, Report

PLANS = Report[Any](
    name="payment-plans",
    title="Payment plans",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.student,
            sort="student",
            link=lambda row: f"/ledger/plans/{row.id}",
        ),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("state", "State", lambda row: dict(STATES)[row.state]),
        Column("total", "Plan", lambda row: row.total_cents, Kind.CENTS, sort="total"),
        Column("paid", "Paid", lambda row: row.paid_cents, Kind.CENTS),
        Column("past_due", "Past due", lambda row: row.past_due_cents, Kind.CENTS, sort="past_due"),
        Column("since", "Past due since", lambda row: row.since, Kind.DAY, sort="since"),
        Column("next", "Next due", lambda row: row.next_on, Kind.DAY, sort="next"),
    ),
    search="Search by name or email",
    filters=(Filter("state", "State", STATES),),
)
