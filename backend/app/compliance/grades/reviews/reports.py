"""The list of academic progress, described: how everybody stands, and who is at risk."""

from typing import Any

from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

_STATES = [
    ("good", "Good"),
    ("warning", "Warning"),
    ("probation", "Probation"),
    ("not_met", "Not met"),
]
PROGRESS = Report[Any](
    name="academic-progress",
    title="Academic progress",
    columns=(
        Column(
            "student", "Student", lambda row: row.full_name, sort="student",
            link=lambda row: f"/academic-progress/{row.id}",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("state", "Status", lambda row: row.state, Kind.STATUS, sort="state"),
        Column("pace", "Pace", lambda row: row.pace_pct, Kind.PERCENT, sort="pace"),
        Column("attended", "Attended", lambda row: row.attended_minutes, Kind.MINUTES, on_page=False),
        Column("scheduled", "Scheduled", lambda row: row.scheduled_minutes, Kind.MINUTES, on_page=False),
        Column("gpa", "GPA", lambda row: row.gpa, Kind.NUMBER, sort="gpa"),
        Column("checkpoint", "Checkpoint", lambda row: row.checkpoint_pct, Kind.PERCENT),
        Column("day", "Reviewed", lambda row: row.reviewed_on, Kind.DAY, sort="day"),
        Column("explanation", "Why", lambda row: row.explanation, on_page=False),
    ),
    search="Search by student or program",
    filters=(
        Filter("state", "Status", _STATES),
        Filter("risk", "Risk", [("yes", "At risk"), ("appeals", "Appeals waiting")], "Everyone"),
    ),
    groupings=(
        Grouping("state", "Status", lambda columns, _zone: columns.state, Kind.STATUS),
        Grouping(
            "program", "Program", lambda columns, _zone: columns.program,
            measures=(Measure("pace_pct", "Average pace", Kind.PERCENT, "avg"),),
        ),
    ),
    counted="Students",
    chart_by="state",
)  # fmt: skip
