"""The list of applications, described."""

from typing import Any

from sqlalchemy import func

from app.enrollment.admissions.applications.schemas import ApplicationState
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Report

APPLICATIONS = Report[Any](
    name="applications",
    title="Applications",
    columns=(
        Column(
            "student",
            "Applicant",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/admissions/{row.id}",
        ),
        Column("email", "Email", lambda row: row.email),
        Column("program", "Program", lambda row: row.program_name, sort="program"),
        Column("wanted_start", "Preferred start date", lambda row: row.wanted_start, Kind.DAY, sort="start"),
        Column("state", "Status", lambda row: row.state, Kind.STATUS),
        Column("applied_at", "Applied", lambda row: row.applied_at, Kind.MOMENT, sort="applied"),
        Column("birth_date", "Birth date", lambda row: row.birth_date, Kind.DAY, on_page=False),
        Column("source", "Heard about the school", lambda row: row.source, on_page=False),
        Column("decided_at", "Decided", lambda row: row.decided_at, Kind.MOMENT, on_page=False),
        Column("decided_by", "Decided by", lambda row: row.decided_by, on_page=False),
        Column("reason", "Reason", lambda row: row.reason, on_page=False),
    ),
    search="Search by name, email or program",
    filters=(
        Filter(
            "state",
            "Status",
            (*((one.value, one.label) for one in ApplicationState), ("all", "Any status")),
            "Open",
        ),
        Filter("program_id", "Program", everything="Any program"),
    ),
    groupings=(
        Grouping("program", "Program", lambda columns, _zone: columns.program_name),
        Grouping("state", "Status", lambda columns, _zone: columns.state, Kind.STATUS, chart="pie"),
        Grouping(
            "month",
            "Month",
            lambda columns, zone: func.to_char(func.timezone(zone, columns.applied_at), "YYYY-MM"),
            chart="line",
            named=formats.month,
            in_order=True,
        ),
    ),
    counted="Applications",
)
