"""The list of reported absences, described."""

from app.compliance.attendance.absences.schemas import AbsenceOut
from app.web.reports import Column, Filter, Kind, Report, action

ABSENCES = Report[AbsenceOut](
    name="absences",
    title="Reported absences",
    columns=(
        Column("number", "Number", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column(
            "student",
            "Student",
            lambda item: item.student,
            sort="student",
            link=lambda item: f"/people/{item.user_id}",
        ),
        Column("program", "Program", lambda item: item.program, sort="program", on_page=False),
        Column("starts", "First day", lambda item: item.starts_on, Kind.DAY, sort="starts"),
        Column("ends", "Last day", lambda item: item.ends_on, Kind.DAY),
        Column("class", "Class", lambda item: item.class_code or "All classes"),
        Column("meeting", "Meeting", lambda item: item.meeting_at, Kind.MOMENT, on_page=False),
        Column("reason", "Reason", lambda item: item.reason, on_page=False),
        Column("requested", "Reported", lambda item: item.requested_at, Kind.MOMENT, sort="requested"),
        Column("decided_by", "Decided by", lambda item: item.decided_by, on_page=False),
        Column("decided", "Decided", lambda item: item.decided_at, Kind.MOMENT, on_page=False),
        Column("note", "Note to the student", lambda item: item.note, on_page=False),
        Column("status", "Status", lambda item: item.state.badge[0]),
        action("Absence"),
    ),
    search="Search by student or program",
    filters=(
        Filter(
            "state",
            "Status",
            [
                ("excused", "Excused"),
                ("not_excused", "Not excused"),
                ("withdrawn", "Withdrawn"),
                ("all", "All"),
            ],
            "Not decided yet",
        ),
    ),
    counted="Absences",
)
