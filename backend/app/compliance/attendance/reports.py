"""The lists of attendance, described."""

from sqlalchemy import func

from app.compliance.attendance.schemas import AttendanceOut, AttendanceState, StudentHours
from app.web import formats
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report, action

_STATES = [
    (AttendanceState.OPEN.value, "Clocked in"),
    (AttendanceState.COMPLETE.value, "Complete"),
    (AttendanceState.NEEDS_CORRECTION.value, "No clock-out"),
]
_TIME = Measure("total_minutes", "Time", Kind.MINUTES)

_NUMBER = Column[AttendanceOut]("record", "Record", lambda item: item.id, Kind.NUMBER, on_page=False)
_STUDENT = Column[AttendanceOut](
    "student",
    "Student",
    lambda item: item.student,
    sort="student",
    link=lambda item: f"/people/{item.user_id}",
)
_PROGRAM = Column[AttendanceOut]("program", "Program", lambda item: item.program, sort="program")
_IN = Column[AttendanceOut]("clock_in", "Clock-in", lambda item: item.clock_in, Kind.MOMENT, sort="clock_in")
_OUT = Column[AttendanceOut](
    "clock_out", "Clock-out", lambda item: item.clock_out, Kind.MOMENT, sort="clock_out"
)
_MINUTES = Column[AttendanceOut](
    "minutes", "Time", lambda item: item.total_minutes, Kind.MINUTES, sort="minutes"
)
_STATE = Column[AttendanceOut]("status", "Status", lambda item: item.state, Kind.STATUS, on_page=False)
_SOURCE = Column[AttendanceOut]("source", "Source", lambda item: item.source.replace("_", "-"), on_page=False)
_NOTES = Column[AttendanceOut]("notes", "Notes", lambda item: item.notes, on_page=False)

RECORDS = Report[AttendanceOut](
    name="attendance",
    title="Attendance records",
    columns=(_NUMBER, _STUDENT, _PROGRAM, _IN, _OUT, _MINUTES, _STATE, _SOURCE, _NOTES, action("Record")),
    search="Search by student or program",
    filters=(
        Filter("from", "From", is_day=True),
        Filter("to", "To", is_day=True),
        Filter("state", "Status", _STATES, "All records"),
        Filter("user_id", "Student number", hidden=True),
    ),
    groupings=(
        Grouping("student", "Student", lambda columns, _zone: columns.student, measures=(_TIME,)),
        Grouping("program", "Program", lambda columns, _zone: columns.program, measures=(_TIME,)),
        Grouping(
            "month",
            "Month",
            lambda columns, zone: func.to_char(func.timezone(zone, columns.clock_in), "YYYY-MM"),
            measures=(_TIME,),
            chart="line",
            named=formats.month,
            in_order=True,
        ),
    ),
)
MY_HOURS = Report[AttendanceOut](
    name="my-hours",
    title="My hours",
    columns=(_NUMBER, _STUDENT, _PROGRAM, _IN, _OUT, _MINUTES, _STATE, _SOURCE, _NOTES),
    # What students take out of their own hours discloses nothing.
    names_people=False,
)
HOURS_BY_STUDENT = Report[StudentHours](
    name="hours-per-student",
    title="Hours by student",
    columns=(
        Column(
            "student",
            "Student",
            lambda item: item.student,
            sort="student",
            link=lambda item: f"/people/{item.user_id}",
        ),
        Column("email", "Email", lambda item: item.email, sort="email"),
        Column("minutes", "Time", lambda item: item.total_minutes, Kind.MINUTES, sort="hours"),
        Column("hours", "Hours", lambda item: item.hours, Kind.NUMBER, on_page=False),
        action("Records"),
    ),
    search="Search by name or email",
    filters=(Filter("from", "From", is_day=True), Filter("to", "To", is_day=True)),
)
