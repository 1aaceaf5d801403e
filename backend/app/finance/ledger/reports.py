"""The lists of the ledger, described."""

from typing import Any

from sqlalchemy import func

from app.finance.ledger import chart
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

STATES = (("owes", "Owes the school"), ("credit", "Has a credit"), ("settled", "Settled"))

ACCOUNTS = Report[Any](
    name="student-accounts",
    title="Student accounts",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/ledger/students/{row.id}",
        ),
        Column("email", "Email", lambda row: row.email, sort="email"),
        Column("balance", "Balance", lambda row: row.balance_cents, Kind.CENTS, sort="balance"),
        Column("last_payment", "Last payment", lambda row: row.last_payment, Kind.DAY, sort="last_payment"),
        Column("postings", "Lines", lambda row: row.postings or 0, Kind.NUMBER, on_page=False),
    ),
    search="Search by name or email",
    filters=(Filter("state", "Balance", STATES),),
)
JOURNAL = Report[Any](
    name="ledger-journal",
    title="Ledger journal",
    columns=(
        Column(
            "number",
            "Number",
            lambda row: row.id,
            sort="number",
            link=lambda row: f"/ledger/transactions/{row.id}",
        ),
        Column("day", "Day", lambda row: row.booked_on, Kind.DAY, sort="day"),
        Column("kind", "Kind", lambda row: chart.KINDS[row.kind], sort="kind"),
        Column("student", "Student", lambda row: row.student, sort="student"),
        Column("payer", "Payer", lambda row: row.payer),
        Column("memo", "Description", lambda row: row.memo),
        Column("amount", "Amount", lambda row: row.amount_cents, Kind.CENTS, sort="amount"),
        Column(
            "method",
            "Method",
            lambda row: chart.METHODS[row.method][0] if row.method else None,
            on_page=False,
        ),
        Column("reference", "Reference", lambda row: row.reference, on_page=False),
        Column("reverses", "Reverses", lambda row: row.reverses, on_page=False),
        Column("reversed_by", "Reversed by", lambda row: row.reversed_by, on_page=False),
        Column("posted_by", "Posted by", lambda row: row.poster, on_page=False),
        Column("posted_at", "Posted", lambda row: row.created_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student, payer, description, reference or number",
    filters=(
        Filter("kind", "Kind", tuple(chart.KINDS.items())),
        Filter("method", "Method", tuple((key, name) for key, (name, _code) in chart.METHODS.items())),
        Filter("first", "From", is_day=True),
        Filter("last", "Through", is_day=True),
        Filter("payer_id", "Payer", hidden=True),
    ),
    groupings=(
        Grouping(
            "kind",
            "Kind",
            lambda columns, _zone: columns.kind,
            measures=(Measure("amount_cents", "Amount", Kind.CENTS),),
            named=lambda value: chart.KINDS.get(value, str(value)),
        ),
    ),
    counted="Transactions",
)
STATEMENT = Report[Any](
    name="account-statement",
    title="Account statement",
    columns=(
        Column("day", "Day", lambda row: row.booked_on, Kind.DAY, sort="day"),
        Column(
            "kind",
            "Kind",
            lambda row: chart.KINDS[row.kind],
            sort="kind",
            link=lambda row: f"/ledger/transactions/{row.id}",
        ),
        Column("memo", "Description", lambda row: row.memo),
        Column(
            "method",
            "Method",
            lambda row: chart.METHODS[row.method][0] if row.method else None,
            on_page=False,
        ),
        Column("reference", "Reference", lambda row: row.reference, on_page=False),
        Column("amount", "Amount", lambda row: row.amount_cents, Kind.CENTS, sort="amount"),
        Column("balance", "Balance", lambda row: row.balance_cents, Kind.CENTS),
        Column("number", "Transaction", lambda row: row.id, on_page=False),
        Column("reversed_by", "Reversed by", lambda row: row.reversed_by, on_page=False),
    ),
    search="Search by description or reference",
    groupings=(
        Grouping(
            "month",
            "Month",
            lambda columns, _zone: func.to_char(columns.booked_on, "YYYY-MM"),
            measures=(Measure("amount_cents", "Charges less payments and credits", Kind.CENTS),),
            named=formats.month,
            in_order=True,
        ),
        Grouping(
            "kind",
            "Kind",
            lambda columns, _zone: columns.kind,
            measures=(Measure("amount_cents", "Amount", Kind.CENTS),),
            named=lambda value: chart.KINDS.get(value, str(value)),
        ),
    ),
    counted="Lines",
    chart_by="month",
)
PAYERS = Report[Any](
    name="payers",
    title="Payers",
    columns=(
        Column(
            "name", "Payer", lambda row: row.name, sort="name", link=lambda row: f"/ledger/payers/{row.id}"
        ),
        Column("kind", "Kind", lambda row: chart.PAYER_KINDS[row.kind], sort="kind"),
        Column("balance", "Owes", lambda row: row.balance_cents, Kind.CENTS, sort="balance"),
        Column("contact", "Contact", lambda row: row.contact, on_page=False),
    ),
    search="Search by name",
    names_people=False,
)
CLOSINGS = Report[Any](
    name="daily-closings",
    title="Daily closings",
    columns=(
        Column("day", "Closed through", lambda row: row.day, Kind.DAY, sort="day"),
        Column("receipts", "Receipts in all", lambda row: row.receipts_cents, Kind.CENTS),
        Column("expected", "Cash expected", lambda row: row.expected_cents, Kind.CENTS),
        Column("counted", "Cash counted", lambda row: row.counted_cents, Kind.CENTS),
        Column(
            "difference", "Over or short", lambda row: row.difference_cents, Kind.CENTS, sort="difference"
        ),
        Column("note", "Note", lambda row: row.note),
        Column("closer", "Closed by", lambda row: row.closer),
        Column("closed_at", "Closed", lambda row: row.closed_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by note",
    names_people=False,
)
