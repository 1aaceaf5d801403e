"""Deferred revenue, described."""

from app.finance.ledger.revenue.service import Line
from app.web.reports import Column, Filter, Kind, Report

DEFERRED = Report[Line](
    name="deferred-revenue",
    title="Deferred revenue by hours earned",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/ledger/students/{row.user_id}",
        ),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("standing", "Status", lambda row: row.figures.standing, Kind.STATUS),
        Column("attended", "Attended", lambda row: row.figures.attended_minutes, Kind.MINUTES, on_page=False),
        Column(
            "transferred",
            "From another school",
            lambda row: row.figures.transferred_minutes,
            Kind.MINUTES,
            on_page=False,
        ),
        Column("required", "Program", lambda row: row.figures.required_minutes, Kind.MINUTES, on_page=False),
        Column("share", "Hours earned", lambda row: row.share_pct, Kind.PERCENT, sort="share"),
        Column("charged", "Charged", lambda row: row.figures.charged_cents, Kind.CENTS, sort="charged"),
        Column("earned", "Earned", lambda row: row.figures.earned_cents, Kind.CENTS, sort="earned"),
        Column("deferred", "Deferred", lambda row: row.figures.deferred_cents, Kind.CENTS, sort="deferred"),
        Column("enrollment", "Enrollment", lambda row: row.enrollment_id, on_page=False),
    ),
    search="Search by student or program",
    filters=(Filter("day", "As of", is_day=True),),
)
