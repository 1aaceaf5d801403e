"""Base B by month and program, and the fees by fiscal year, described."""

from typing import Any

from app.finance.ledger.state_fees.service import StateFees
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

_MEASURES = tuple(
    Measure(name, label, Kind.CENTS)
    for name, label in (
        ("base", "Base"),
        ("tuition", "Tuition"),
        ("fees", "Fees"),
        ("gross", "Gross"),
        ("waived", "Waived"),
        ("refunds", "Refunds"),
    )
)
TUITION_AND_FEES = Report[Any](
    name="tuition-and-fees",
    title="Tuition and fees minus refunds",
    columns=(
        Column("month", "Month", lambda row: row.month, sort="month"),
        Column("quarter", "Quarter", lambda row: row.quarter, on_page=False),
        Column("fiscal_year", "Fiscal year", lambda row: f"FY {row.fiscal_year}", on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("tuition", "Tuition", lambda row: row.tuition, Kind.CENTS),
        Column("fees", "Fees", lambda row: row.fees, Kind.CENTS),
        Column("gross", "Gross", lambda row: row.gross, Kind.CENTS),
        Column("waived", "Waived", lambda row: row.waived, Kind.CENTS),
        Column("refunds", "Refunds", lambda row: row.refunds, Kind.CENTS),
        Column("base", "Base", lambda row: row.base, Kind.CENTS, sort="base"),
    ),
    search="Search by program",
    filters=(Filter("first", "From", is_day=True), Filter("last", "Through", is_day=True)),
    groupings=(
        Grouping(
            "month",
            "Month",
            lambda columns, _zone: columns.month,
            measures=_MEASURES,
            named=formats.month,
            in_order=True,
        ),
        Grouping(
            "quarter", "Quarter", lambda columns, _zone: columns.quarter, measures=_MEASURES, in_order=True
        ),
        Grouping(
            "fiscal_year",
            "Fiscal year",
            lambda columns, _zone: columns.fiscal_year,
            measures=_MEASURES,
            named=lambda year: f"FY {year}",
            in_order=True,
        ),
        Grouping("program", "Program", lambda columns, _zone: columns.program, measures=_MEASURES),
    ),
    counted="Lines",
    chart_by="month",
    names_people=False,
)
STATE_FEES = Report[StateFees](
    name="state-fees",
    title="State fees by fiscal year",
    columns=(
        Column("year", "Fiscal year", lambda row: row.year, sort="year"),
        Column("first", "First day", lambda row: row.first, Kind.DAY, on_page=False),
        Column("last", "Last day", lambda row: row.last, Kind.DAY, on_page=False),
        Column("gross", "Tuition and fees", lambda row: row.base.gross_cents, Kind.CENTS),
        Column("waived", "Waived, taken off", lambda row: row.base.waived_cents, Kind.CENTS, on_page=False),
        Column("refunds", "Refunds", lambda row: row.base.refunded_cents, Kind.CENTS),
        Column("base", "Base", lambda row: row.base.base_cents, Kind.CENTS, sort="base"),
        Column("authorization", "Authorization fee", lambda row: row.authorization_cents, Kind.CENTS),
        Column("trust_fund", "Trust-fund fee", lambda row: row.trust_fund_cents, Kind.CENTS),
        Column("policy", "Policy version", lambda row: row.policy.version, Kind.NUMBER, on_page=False),
    ),
    search="Search by year",
    names_people=False,
)
