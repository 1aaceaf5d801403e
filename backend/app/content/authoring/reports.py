"""The list of lessons that are written here, described."""

from typing import Any

from app.web.reports import Column, Kind, Report

WRITTEN_LESSONS = Report[Any](
    name="written-lessons",
    title="Written lessons",
    columns=(
        Column(
            "lesson",
            "Lesson",
            lambda row: row.title,
            sort="lesson",
            link=lambda row: f"/lessons/{row.id}/write",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("module", "Module", lambda row: row.module, sort="module"),
        Column("version", "Version", lambda row: row.version, Kind.NUMBER, sort="version"),
        Column("published", "Published version", lambda row: row.published, Kind.NUMBER),
        Column("saved", "Last saved", lambda row: row.saved_at, Kind.MOMENT, sort="saved"),
    ),
    search="Search by lesson, module or program",
    names_people=False,
)
