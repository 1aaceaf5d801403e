"""The list of final grades, described: by student, by class, by letter."""

from typing import Any

from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

_PERCENT = Measure("percent", "Average", Kind.PERCENT, "avg")
FINALS = Report[Any](
    name="final-grades",
    title="Final grades",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/grades/students/{row.user_id}",
        ),
        Column("class", "Class", lambda row: row.code, sort="class"),
        Column("class_name", "Class name", lambda row: row.class_name, on_page=False),
        Column("program", "Program", lambda row: row.program, on_page=False),
        Column("module", "Module", lambda row: row.module, on_page=False),
        Column("percent", "Percent", lambda row: row.percent, Kind.PERCENT, sort="percent"),
        Column(
            "letter", "Letter", lambda row: row.letter, sort="letter", link=lambda row: f"/grades/{row.id}"
        ),
        Column("approved_as", "First approved as", lambda row: row.first_letter, on_page=False),
        Column("graded_on", "Day", lambda row: row.graded_on, Kind.DAY, sort="day"),
        Column("status", "Status", lambda row: row.status, Kind.STATUS, sort="status"),
        Column("submitted_by", "Submitted by", lambda row: row.submitter, on_page=False),
        Column("approved_by", "Decided by", lambda row: row.decider, on_page=False),
    ),
    search="Search by student or class",
    filters=(
        Filter("program_id", "Program"),
        Filter(
            "status",
            "Status",
            [("submitted", "Submitted"), ("returned", "Returned"), ("approved", "Approved")],
        ),
        Filter("class_id", "Class number", hidden=True),
    ),
    groupings=(
        Grouping("class", "Class", lambda columns, _zone: columns.code, measures=(_PERCENT,)),
        Grouping("letter", "Letter", lambda columns, _zone: columns.letter, in_order=True),
        Grouping("program", "Program", lambda columns, _zone: columns.program, measures=(_PERCENT,)),
    ),
    counted="Grades",
    chart_by="letter",
)
