"""The outcome reports, described: GNPEC's counts, and the graduates behind them."""

from typing import Any

from app.rules.outcomes import UNAVAILABLE_REASONS
from app.web.reports import Column, Filter, Grouping, Kind, Report

OUTCOMES = (
    ("in_field", "Placed in the field"),
    ("out_of_field", "Employed outside the field"),
    ("unavailable", "Unavailable"),
    ("pending", "Pending"),
)
COUNTED = (
    (
        "carried_in",
        "Carried in",
        "Enrolled before the fiscal year began, and still enrolled on its first day.",
    ),
    ("new", "New", "Enrolled within the fiscal year."),
    ("completed", "Completed", "Completed within it."),
    ("withdrawn", "Withdrawn", "Withdrew within it, by the day of the request."),
    ("still_enrolled", "Still enrolled", "Enrolled at its end."),
    ("in_field", "Placed in field", "Of those who completed: employed in the field."),
    ("out_of_field", "Outside field", "Of those who completed: employed, but not in the field."),
    (
        "unavailable",
        "Unavailable",
        "Of those who completed: not available for employment, with the reason on record.",
    ),
    ("pending", "Pending", "Of those who completed: nothing is known yet, or they are looking."),
)
"""Each count with its label and what it counts."""


def _number(name: str, label: str) -> Column[Any]:
    return Column(name, label, lambda row: getattr(row.counts, name), Kind.NUMBER)


COUNTS = Report[Any](
    name="gnpec-outcomes",
    title="Student outcomes (GNPEC)",
    columns=(
        Column("program", "Program", lambda row: row.program),
        Column("fiscal_year", "Fiscal year", lambda row: row.year.name, on_page=False),
        Column("first_day", "First day", lambda row: row.year.first, Kind.DAY, on_page=False),
        Column("last_day", "Last day", lambda row: row.year.last, Kind.DAY, on_page=False),
        *(_number(name, label) for name, label, _ in COUNTED),
    ),
    filters=(Filter("year", "Fiscal year"),),
    names_people=False,
)
GRADUATES = Report[Any](
    name="graduate-employment",
    title="Employment of graduates",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/outcomes/graduates/{row.id}",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("completed_at", "Completed", lambda row: row.completed_at, Kind.DAY, sort="completed"),
        Column("outcome", "Employment", lambda row: row.outcome, Kind.STATUS, sort="outcome"),
        Column("employer", "Employer", lambda row: row.employer, sort="employer"),
        Column("title", "Job title", lambda row: row.title),
        Column("since", "Since", lambda row: row.since, Kind.DAY),
        Column(
            "reason",
            "Why unavailable",
            lambda row: UNAVAILABLE_REASONS.get(row.reason or "", row.reason),
            on_page=False,
        ),
        Column("evidence", "How the school knows", lambda row: row.evidence, on_page=False),
        Column("recorder", "Recorded by", lambda row: row.recorder, on_page=False),
        Column("recorded_at", "Recorded", lambda row: row.recorded_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student, program or employer",
    filters=(
        Filter("year", "Fiscal year", everything="All years"),
        Filter("program_id", "Program"),
        Filter("outcome", "Employment", OUTCOMES),
    ),
    groupings=(
        Grouping("outcome", "Employment", lambda columns, _zone: columns.outcome, Kind.STATUS),
        Grouping("program", "Program", lambda columns, _zone: columns.program),
    ),
    counted="Graduates",
    chart_by="outcome",
)
