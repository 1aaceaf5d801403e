"""The list of notes, described."""

from typing import Any

from app.core.permissions import Duty
from app.web.reports import Column, Kind, Report

NOTES = Report[Any](
    name="student-notes",
    title="Notes",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/people/{row.user_id}/notes",
        ),
        Column("body", "Note", lambda row: row.body),
        Column("author", "Written by", lambda row: row.author_name),
        Column("written_at", "Written", lambda row: row.written_at, Kind.MOMENT, sort="written"),
        Column("audience", "For", lambda row: ", ".join(Duty(one).label for one in row.audience)),
    ),
    search="Search by student or word",
    counted="Notes",
)
