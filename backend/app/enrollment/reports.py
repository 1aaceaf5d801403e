"""The lists of enrollments, described."""

from typing import Any

from sqlalchemy import func

from app.db.models import EnrollmentStatus
from app.enrollment.withdrawals.schemas import KINDS
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report


def _enrollment(row: Any) -> str:
    return f"/enrollments/{getattr(row, 'enrollment_id', None) or row.id}"


_STUDENT = Column[Any]("student", "Student", lambda row: row.full_name, sort="student", link=_enrollment)
_PROGRAM = Column[Any]("program", "Program", lambda row: row.program_name, sort="program")
_EMAIL = Column[Any]("email", "Email", lambda row: row.email, on_page=False)
_ENROLLED = Column[Any]("enrolled_at", "Enrolled", lambda row: row.enrolled_at, Kind.DAY, sort="enrolled")
_PROGRESS = Column[Any](
    "progress", "Progress", lambda row: row.progress_pct or 0, Kind.PERCENT, sort="progress"
)
_AVERAGE = Measure("progress_pct", "Average progress", Kind.PERCENT, "avg")
_BY_PROGRAM = Grouping("program", "Program", lambda columns, _zone: columns.program_name)
_BY_MONTH = Grouping(
    "month",
    "Month enrolled",
    lambda columns, _zone: func.to_char(columns.enrolled_at, "YYYY-MM"),
    chart="line",
    named=formats.month,
    in_order=True,
)

ENROLLMENTS = Report[Any](
    name="enrollments",
    title="Enrollments",
    columns=(
        _STUDENT,
        _EMAIL,
        _PROGRAM,
        Column("status", "Status", lambda row: row.status, Kind.STATUS, sort="status"),
        _ENROLLED,
        Column("completed_at", "Completed", lambda row: row.completed_at, Kind.DAY, on_page=False),
        Column("progress", "Progress", lambda row: row.progress_pct, Kind.PERCENT, sort="progress"),
    ),
    search="Search by student or program",
    filters=(
        Filter(
            "status",
            "Status",
            [(one.value, one.value.capitalize()) for one in EnrollmentStatus],
            everything="Any status",
        ),
        Filter("program_id", "Program", everything="Any program"),
    ),
    groupings=(
        _BY_PROGRAM,
        Grouping("status", "Status", lambda columns, _zone: columns.status, Kind.STATUS, chart="pie"),
        _BY_MONTH,
    ),
    counted="Enrollments",
    chart_by="status",
)
CLASS_LIST = Report[Any](
    name="class-list",
    title="Active enrollments",
    columns=(_STUDENT, _EMAIL, _PROGRAM, _ENROLLED, _PROGRESS),
    search="Search by student or program",
    groupings=(
        Grouping(
            "program", "Program", lambda columns, _zone: columns.program_name, measures=(_AVERAGE,), chart=""
        ),
        _BY_MONTH,
    ),
    counted="Students",
)
GRADUATION = Report[Any](
    name="ready-to-graduate",
    title="Students ready to graduate",
    columns=(
        _STUDENT,
        Column("program", "Program", lambda row: row.program, sort="program"),
        _ENROLLED,
        Column("missing", "Still missing", lambda row: row.missing or "Nothing"),
    ),
    search="Search by student or program",
)
WITHDRAWALS = Report[Any](
    name="pending-withdrawals",
    title="Pending withdrawals",
    columns=(
        _STUDENT,
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("kind", "Kind", lambda row: KINDS[row.kind]),
        Column(
            "requested_at",
            "Requested or decided",
            lambda row: row.requested_at,
            Kind.MOMENT,
            sort="requested",
        ),
        Column("due_on", "Refund due", lambda row: row.due_on, Kind.DAY, sort="due"),
        Column("days_left", "Days left", lambda row: row.days_left, Kind.NUMBER),
        Column(
            "progress",
            "Progress",
            lambda row: row.progress_pct_at_withdrawal,
            Kind.PERCENT,
            sort="progress",
        ),
        Column("reason", "Reason", lambda row: row.reason),
    ),
    search="Search by student, program or reason",
)
