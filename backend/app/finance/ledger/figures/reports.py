"""The figures of the ledger as lists, described."""

from typing import Any

from sqlalchemy import func

from app.finance.ledger import chart
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report


def _account(row: Any) -> str:
    """As accounting software knows it: students together, payers together."""
    owner = row.code.partition("-")[0]
    if owner == chart.STUDENTS:
        return "Accounts Receivable - Students"
    return "Accounts Receivable - Payers" if owner == chart.PAYERS else str(row.account)


_ACCOUNTS = {
    chart.CASH: "Cash on hand",
    chart.CHECKS: "Checks and money orders",
    chart.CARDS: "Card payments",
    chart.BANK: "Bank",
}
"""Where money is when it has come in."""
_AGES = {1: "Up to 30 days", 2: "31 to 60 days", 3: "61 to 90 days", 4: "Over 90 days"}
PERIOD = (Filter("first", "From", is_day=True), Filter("last", "Through", is_day=True))

AGEING = Report[Any](
    name="receivables-ageing",
    title="Receivables by age",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/ledger/students/{row.id}",
        ),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("days_30", "Up to 30 days", lambda row: row.days_30, Kind.CENTS),
        Column("days_60", "31 to 60 days", lambda row: row.days_60, Kind.CENTS),
        Column("days_90", "61 to 90 days", lambda row: row.days_90, Kind.CENTS),
        Column("older", "Over 90 days", lambda row: row.older, Kind.CENTS, sort="older"),
        Column("total", "Owes", lambda row: row.total, Kind.CENTS, sort="total"),
    ),
    search="Search by name or email",
    groupings=(
        Grouping(
            "age",
            "Oldest charge",
            lambda columns, _zone: columns.age,
            measures=tuple(
                Measure(name, label, Kind.CENTS)
                for name, label in (
                    ("total", "Owed"),
                    ("days_30", _AGES[1]),
                    ("days_60", _AGES[2]),
                    ("days_90", _AGES[3]),
                    ("older", _AGES[4]),
                )
            ),
            named=lambda age: _AGES[age],
            in_order=True,
        ),
    ),
    counted="Students",
    chart_by="age",
)
RECEIPTS = Report[Any](
    name="cash-receipts",
    title="Cash receipts",
    columns=(
        Column("day", "Day", lambda row: row.day, Kind.DAY, sort="day"),
        Column("method", "Method", lambda row: chart.METHODS[row.method][0], sort="method"),
        Column("account", "Account", lambda row: _ACCOUNTS[row.account], sort="account"),
        Column("count", "Transactions", lambda row: row.count, Kind.NUMBER),
        Column("amount", "Received", lambda row: row.cents, Kind.CENTS, sort="amount"),
        Column("closing", "Closed through", lambda row: row.closing, Kind.DAY),
    ),
    search="Search by method",
    filters=PERIOD,
    groupings=(
        Grouping(
            "method",
            "Method",
            lambda columns, _zone: columns.method,
            measures=(Measure("cents", "Received", Kind.CENTS),),
            named=lambda value: chart.METHODS[value][0] if value in chart.METHODS else str(value),
        ),
        Grouping(
            "account",
            "Account",
            lambda columns, _zone: columns.account,
            measures=(Measure("cents", "Received", Kind.CENTS),),
            named=lambda code: _ACCOUNTS[code],
            in_order=True,
        ),
        Grouping(
            "closing",
            "Closed through",
            lambda columns, _zone: columns.closing,
            Kind.DAY,
            measures=(Measure("cents", "Received", Kind.CENTS),),
            in_order=True,
        ),
        Grouping(
            "month",
            "Month",
            lambda columns, _zone: func.to_char(columns.day, "YYYY-MM"),
            measures=(Measure("cents", "Received", Kind.CENTS),),
            in_order=True,
        ),
    ),
    counted="Days and methods",
    chart_by="month",
    names_people=False,
)
LINES = Report[Any](
    name="journal-lines",
    title="Journal lines for accounting",
    columns=(
        Column("number", "Journal No", lambda row: row.id, link=lambda row: f"/ledger/transactions/{row.id}"),
        Column("day", "Journal Date", lambda row: row.booked_on, Kind.DAY, sort="day"),
        Column("account", "Account Name", _account, sort="account"),
        Column("debit", "Debits", lambda row: row.amount_cents if row.amount_cents > 0 else None, Kind.CENTS),
        Column(
            "credit", "Credits", lambda row: -row.amount_cents if row.amount_cents < 0 else None, Kind.CENTS
        ),
        Column("memo", "Description", lambda row: row.memo),
        Column("name", "Name", lambda row: row.student or row.payer),
        Column("reference", "Reference", lambda row: row.reference, on_page=False),
    ),
    search="Search by description or account",
    filters=PERIOD,
)
