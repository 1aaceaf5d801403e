"""Refunds and their timeliness, described: the bursar's list is the report."""

from typing import Any

from sqlalchemy import case, func

from app.finance.refunds.cases.queries import STATES
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

TIMELY = (("on_time", "Paid on time"), ("late", "Paid late"), ("overdue", "Overdue"))
_OUTCOMES = {
    "on_time": "Paid on time",
    "late": "Late or overdue",
    "open": "Open",
    "nothing": "Nothing owed",
}


def state(row: Any) -> str:
    """The state as people call it."""
    return STATES[row.state]


REFUNDS = Report[Any](
    name="refunds-and-timeliness",
    title="Refunds and timeliness",
    columns=(
        Column("number", "Refund", lambda row: row.id, sort="number", link=lambda row: f"/refunds/{row.id}"),
        Column("student", "Student", lambda row: row.student, sort="student"),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("state", "Status", state, sort="state"),
        Column("amount", "Amount", lambda row: row.amount_cents, Kind.CENTS, sort="amount"),
        Column(
            "withdrawn", "Withdrawn", lambda row: row.withdrawn_on, Kind.DAY, sort="withdrawn", on_page=False
        ),
        Column("due", "Due", lambda row: row.due_on, Kind.DAY, sort="due"),
        Column("days_left", "Days left", lambda row: row.days_left, Kind.NUMBER, sort="days_left"),
        Column("approved", "Approved", lambda row: row.approved_at, Kind.MOMENT, on_page=False),
        Column("approver", "Approved by", lambda row: row.approver, on_page=False),
        Column("remitted", "Paid out", lambda row: row.remitted_on, Kind.DAY, sort="remitted"),
        Column("days", "Days taken", lambda row: row.days, Kind.NUMBER, on_page=False),
        Column("on_time", "On time", lambda row: row.on_time, Kind.YES_NO),
    ),
    search="Search by student, email, program or number",
    filters=(
        Filter("state", "Status", tuple(STATES.items())),
        Filter("timely", "Timeliness", TIMELY),
        Filter("program_id", "Program", hidden=True),
        Filter("first", "Withdrawn from", is_day=True),
        Filter("last", "Through", is_day=True),
    ),
    groupings=(
        Grouping(
            "timeliness",
            "Timeliness",
            lambda columns, _zone: case(
                (columns.on_time.is_(True), "on_time"),
                (columns.on_time.is_(False), "late"),
                (columns.days_left.is_(None), "nothing"),
                else_="open",
            ),
            measures=(Measure("amount_cents", "Amount", Kind.CENTS),),
            named=lambda value: _OUTCOMES.get(value, str(value)),
        ),
        Grouping(
            "month",
            "Month of the withdrawal",
            lambda columns, _zone: func.to_char(columns.withdrawn_on, "YYYY-MM"),
            measures=(Measure("amount_cents", "Amount", Kind.CENTS),),
            in_order=True,
        ),
        Grouping(
            "program",
            "Program",
            lambda columns, _zone: columns.program,
            measures=(Measure("amount_cents", "Amount", Kind.CENTS),),
        ),
    ),
    chart_by="month",
    counted="Refunds",
)
