"""The list of standings, described."""

from typing import Any

from app.web.reports import Column, Filter, Grouping, Kind, Report

STANDINGS = Report[Any](
    name="attendance-standing",
    title="At risk",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/people/{row.user_id}/attendance",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("last", "Last attended", lambda row: row[0].last_attended_on, Kind.DAY, sort="last"),
        Column("pct", "Attendance", lambda row: row[0].attendance_pct, Kind.PERCENT, sort="pct"),
        Column("attended", "Attended", lambda row: row[0].attended_minutes, Kind.MINUTES, on_page=False),
        Column("scheduled", "Scheduled", lambda row: row[0].scheduled_minutes, Kind.MINUTES, on_page=False),
        Column("row", "Absences in a row", lambda row: row[0].consecutive_absences, Kind.NUMBER, sort="row"),
        Column(
            "absences", "Absences", lambda row: row[0].absences, Kind.NUMBER, sort="absences", on_page=False
        ),
        Column("excused", "Excused", lambda row: row[0].excused, Kind.NUMBER, on_page=False),
        Column("tardies", "Late arrivals", lambda row: row[0].tardies, Kind.NUMBER, sort="tardies"),
        Column("reasons", "Rule", lambda row: "; ".join(row[0].reasons)),
        Column("computed", "Updated", lambda row: row[0].computed_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student or program",
    filters=(
        Filter("students", "Students", [("all", "All active students")], "At risk"),
        Filter("program_id", "Program"),
    ),
    groupings=(Grouping("program", "Program", lambda columns, _zone: columns.program),),
    counted="Students",
    chart_by="program",
)
