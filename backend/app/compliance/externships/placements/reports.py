"""The lists of externships and of their hours, described."""

from typing import Any

from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

STATES = [
    ("planned", "Planned"),
    ("under_way", "Under way"),
    ("disputed", "Disputed"),
    ("to_verify", "To verify"),
    ("verified", "Verified"),
    ("without_log", "Without log"),
]
EXTERNSHIPS = Report[Any](
    name="externships",
    title="Externships",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/externships/{row.id}",
        ),
        Column("site", "Site", lambda row: row.site, sort="site"),
        Column("state", "Status", lambda row: row.state, Kind.STATUS, sort="state"),
        Column("starts", "First day", lambda row: row.starts_on, Kind.DAY, sort="starts"),
        Column("ends", "Last day", lambda row: row.ends_on, Kind.DAY, sort="ends"),
        Column("confirmed", "Confirmed", lambda row: row.confirmed_minutes, Kind.MINUTES, sort="confirmed"),
        Column("required", "Hours required", lambda row: row.hours_required, Kind.NUMBER),
        Column("program", "Program", lambda row: row.program, sort="program", on_page=False),
        Column("supervisor", "Supervisor", lambda row: row.supervisor, on_page=False),
        Column("logged", "Logged", lambda row: row.logged_minutes, Kind.MINUTES, on_page=False),
        Column("total_hours", "Whole hours", lambda row: row.total_hours, Kind.NUMBER, on_page=False),
        Column("verified_at", "Verified", lambda row: row.verified_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student, site or supervisor",
    filters=(Filter("state", "Status", STATES), Filter("program_id", "Program")),
    groupings=(
        Grouping(
            "state",
            "Status",
            lambda columns, _zone: columns.state,
            Kind.STATUS,
            measures=(Measure("confirmed_minutes", "Confirmed", Kind.MINUTES),),
        ),
        Grouping(
            "site",
            "Site",
            lambda columns, _zone: columns.site,
            measures=(Measure("confirmed_minutes", "Confirmed", Kind.MINUTES),),
        ),
        Grouping(
            "program",
            "Program",
            lambda columns, _zone: columns.program,
            measures=(Measure("confirmed_minutes", "Confirmed", Kind.MINUTES),),
        ),
    ),
    counted="Externships",
    chart_by="state",
)
HOURS = Report[Any](
    name="externship-hours",
    title="Externship hours",
    columns=(
        Column("day", "Day", lambda row: row.day, Kind.DAY, sort="day"),
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/externships/{row.externship_id}",
        ),
        Column("site", "Site", lambda row: row.site, sort="site"),
        Column("minutes", "Hours", lambda row: row.minutes, Kind.MINUTES, sort="minutes"),
        Column("state", "Status", lambda row: row.state, Kind.STATUS, sort="state"),
        Column("counts", "Verified", lambda row: row.counts, Kind.YES_NO),
        Column("starts_at", "Start", lambda row: row.starts_at, Kind.MOMENT, on_page=False),
        Column("ends_at", "End", lambda row: row.ends_at, Kind.MOMENT, on_page=False),
        Column("break", "Break", lambda row: row.break_minutes, Kind.MINUTES, on_page=False),
        Column("program", "Program", lambda row: row.program, on_page=False),
        Column("supervisor", "Supervisor", lambda row: row.supervisor, on_page=False),
        Column("did", "What was done", lambda row: row.did, on_page=False),
        Column("dispute", "Dispute", lambda row: row.dispute, on_page=False),
    ),
    search="Search by student or site",
    filters=(
        Filter(
            "state",
            "Status",
            [("logged", "Logged"), ("confirmed", "Confirmed"), ("disputed", "Disputed")],
        ),
        Filter("first", "From", is_day=True),
        Filter("last", "To", is_day=True),
        Filter("program_id", "Program"),
    ),
    groupings=(
        Grouping(
            "student",
            "Student",
            lambda columns, _zone: columns.full_name,
            measures=(Measure("minutes", "Hours", Kind.MINUTES),),
        ),
        Grouping(
            "site",
            "Site",
            lambda columns, _zone: columns.site,
            measures=(Measure("minutes", "Hours", Kind.MINUTES),),
        ),
        Grouping(
            "state",
            "Status",
            lambda columns, _zone: columns.state,
            Kind.STATUS,
            measures=(Measure("minutes", "Hours", Kind.MINUTES),),
        ),
    ),
    counted="Days",
    chart_by="state",
)
