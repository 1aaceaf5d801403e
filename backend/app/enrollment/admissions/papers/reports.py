"""The list of what is missing or expires, described."""

from typing import Any

from app.enrollment.admissions.papers.queries import STANDINGS
from app.web.reports import Column, Filter, Grouping, Kind, Report

LINES = Report[Any](
    name="admission-documents",
    title="Admission documents",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/people/{row.user_id}/admission-documents",
        ),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("kind", "Document", lambda row: row.kind, sort="kind"),
        Column("programs", "Required for", lambda row: row.programs),
        Column("standing", "Status", lambda row: row.standing, Kind.STATUS),
        Column("expires_on", "Valid until", lambda row: row.expires_on, Kind.DAY, sort="expires"),
        Column("received_at", "Received", lambda row: row.received_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student or document",
    filters=(
        Filter(
            "standing",
            "Status",
            tuple((one, one.capitalize()) for one in STANDINGS),
            "Everything to do",
        ),
        Filter("program_id", "Program", everything="Any program"),
    ),
    groupings=(
        Grouping("kind", "Document", lambda columns, _zone: columns.kind),
        Grouping("standing", "Status", lambda columns, _zone: columns.standing, Kind.STATUS, chart="pie"),
    ),
    counted="Documents",
)
