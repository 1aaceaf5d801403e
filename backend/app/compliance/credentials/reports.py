"""The list of credentials, described: by type, program, month."""

from typing import Any

from sqlalchemy import func

from app.compliance.credentials.awards.service import STANDINGS
from app.web.reports import Column, Filter, Grouping, Kind, Report

CREDENTIALS = Report[Any](
    name="credentials",
    title="Credentials",
    columns=(
        Column(
            "serial",
            "Number",
            lambda row: row.serial or "None",
            sort="serial",
            link=lambda row: f"/credentials/{row.id}",
        ),
        Column(
            "student",
            "Student",
            lambda row: row.student,
            sort="student",
            link=lambda row: f"/people/{row.user_id}",
        ),
        Column("name", "Credential", lambda row: row.name, sort="name"),
        Column("level", "Level", lambda row: row.level, on_page=False),
        Column("program", "Program", lambda row: row.program, on_page=False),
        Column("issued", "Issued", lambda row: row.issued_at, Kind.DAY, sort="issued"),
        Column("expires", "Expires", lambda row: row.expires_on, Kind.DAY, sort="expires"),
        Column("standing", "Status", lambda row: row.standing, Kind.STATUS, sort="standing"),
        Column("reason", "Why ended", lambda row: row.reason, on_page=False),
        Column("replaced_by", "Replaced by", lambda row: row.replaced_by_serial, on_page=False),
    ),
    search="Search by number, student or credential",
    filters=(Filter("standing", "Status", STANDINGS), Filter("program_id", "Program")),
    groupings=(
        Grouping("name", "Credential", lambda columns, _zone: columns.name),
        Grouping("program", "Program", lambda columns, _zone: columns.program),
        Grouping("standing", "Status", lambda columns, _zone: columns.standing),
        Grouping(
            "month",
            "Month of issue",
            lambda columns, _zone: func.to_char(columns.issued_at, "YYYY-MM"),
            chart="line",
            in_order=True,
        ),
    ),
    counted="Credentials",
    chart_by="month",
)
