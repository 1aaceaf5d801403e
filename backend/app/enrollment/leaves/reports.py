"""The list of leaves of absence, described."""

from typing import Any

from app.enrollment.leaves.shown import STATES, state_of
from app.web.reports import Column, Filter, Kind, Report

LEAVES = Report[Any](
    name="leaves-of-absence",
    title="Leaves of absence",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/leaves/{row[0].id}",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("starts_on", "First day", lambda row: row[0].starts_on, Kind.DAY, sort="starts"),
        Column("return_on", "Expected return", lambda row: row[0].return_on, Kind.DAY, sort="return"),
        Column("returned_on", "Returned", lambda row: row[0].returned_on, Kind.DAY),
        Column("state", "Status", lambda row: state_of(row[0].state, row.overdue)[0]),
        Column("reason", "Reason", lambda row: row[0].reason, on_page=False),
    ),
    search="Search by student or program",
    filters=(
        Filter(
            "state",
            "Status",
            [("all", "All"), *((name, label) for name, (label, _tone) in STATES.items())],
            "Requested or in progress",
        ),
    ),
)
