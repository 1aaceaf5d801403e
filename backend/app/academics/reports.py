"""The list of programs, described."""

from typing import Any

from app.web.reports import Column, Kind, Report

PROGRAMS_REPORT = Report[Any](
    name="programs",
    title="Programs",
    columns=(
        Column("name", "Program", lambda row: row.Program.name, sort="name"),
        Column("credits", "Credits", lambda row: row.Program.total_credits, Kind.NUMBER, sort="credits"),
        Column("weeks", "Weeks", lambda row: row.Program.duration_weeks, Kind.NUMBER, sort="weeks"),
        Column("clock_hours", "Clock hours", lambda row: row.Program.clock_hours, Kind.NUMBER, on_page=False),
        Column(
            "tuition", "Tuition", lambda row: row.Program.tuition_amount_cents, Kind.CENTS, sort="tuition"
        ),
        Column("modules", "Modules", lambda row: row.modules, Kind.NUMBER, on_page=False),
        Column("lessons", "Lessons", lambda row: row.lessons, Kind.NUMBER, sort="lessons"),
        Column("active", "Active students", lambda row: row.active, Kind.NUMBER, sort="students"),
    ),
    search="Search by name or description",
    names_people=False,
)
