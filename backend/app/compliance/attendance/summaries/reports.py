"""Attendance by class and by period, described."""

from typing import Any

from sqlalchemy import func

from app.compliance.attendance.summaries.service import UNITS
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

_TIME = (Measure("minutes", "Time", Kind.MINUTES),)
DAYS = (Filter("from", "From", is_day=True), Filter("to", "To", is_day=True))

BY_CLASS = Report[Any](
    name="attendance-by-class",
    title="Attendance by class",
    columns=(
        Column("class", "Class", lambda row: row.code, sort="class", link=lambda row: f"/classes/{row.id}"),
        Column("name", "Name", lambda row: row.name, on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("starts", "First day", lambda row: row.starts_on, Kind.DAY, sort="starts"),
        Column("ends", "Last day", lambda row: row.ends_on, Kind.DAY, on_page=False),
        Column("students", "Students", lambda row: row.students, Kind.NUMBER, sort="students"),
        Column("minutes", "Time", lambda row: row.minutes, Kind.MINUTES, sort="minutes"),
        Column("meetings", "Meetings marked", lambda row: row.meetings, Kind.NUMBER, sort="meetings"),
        Column("present", "Present", lambda row: row.present, Kind.NUMBER, on_page=False),
        Column("late", "Late", lambda row: row.late, Kind.NUMBER),
        Column("left_early", "Left early", lambda row: row.left_early, Kind.NUMBER, on_page=False),
        Column("absent", "Absent", lambda row: row.absent, Kind.NUMBER),
        Column("excused", "Excused", lambda row: row.excused, Kind.NUMBER, on_page=False),
        Column("pct", "Came", lambda row: row.pct, Kind.PERCENT, sort="pct"),
    ),
    search="Search by class or program",
    filters=DAYS,
    groupings=(
        Grouping("class", "Class", lambda columns, _zone: columns.code, measures=_TIME),
        Grouping("program", "Program", lambda columns, _zone: columns.program, measures=_TIME),
    ),
    counted="Classes",
    chart_by="program",
    names_people=False,
)
BY_PERIOD = Report[Any](
    name="attendance-by-period",
    title="Attendance by period",
    columns=(
        Column("period", "From", lambda row: row.period, Kind.DAY, sort="period"),
        Column("students", "Students", lambda row: row.students, Kind.NUMBER, sort="students"),
        Column("days", "Student days", lambda row: row.days, Kind.NUMBER, sort="days"),
        Column("minutes", "Time", lambda row: row.minutes, Kind.MINUTES, sort="minutes"),
    ),
    search="Search by date, such as 2026-05",
    filters=(*DAYS, Filter("unit", "Period", UNITS, "Months"), Filter("program_id", "Program")),
    groupings=(
        Grouping(
            "month",
            "Month",
            lambda columns, _zone: func.to_char(columns.period, "YYYY-MM"),
            measures=_TIME,
            chart="line",
            named=formats.month,
            in_order=True,
        ),
        Grouping(
            "year",
            "Year",
            lambda columns, _zone: func.to_char(columns.period, "YYYY"),
            measures=_TIME,
            in_order=True,
        ),
    ),
    counted="Periods",
    chart_by="month",
    names_people=False,
)
