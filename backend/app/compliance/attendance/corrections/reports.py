"""The list of corrections, described."""

from app.compliance.attendance.corrections.schemas import CorrectionOut
from app.web.reports import Column, Filter, Kind, Report, action

CORRECTIONS = Report[CorrectionOut](
    name="corrections",
    title="Corrections of hours",
    columns=(
        Column("number", "Request", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column(
            "student",
            "Student",
            lambda item: item.student,
            sort="student",
            link=lambda item: f"/people/{item.user_id}",
        ),
        Column("program", "Program", lambda item: item.program, sort="program", on_page=False),
        Column("kind", "Kind", lambda item: item.title, sort="kind"),
        Column("old_in", "Clock-in before", lambda item: item.old_clock_in, Kind.MOMENT, on_page=False),
        Column("old_out", "Clock-out before", lambda item: item.old_clock_out, Kind.MOMENT, on_page=False),
        Column("clock_in", "Clock-in", lambda item: item.clock_in, Kind.MOMENT),
        Column("clock_out", "Clock-out", lambda item: item.clock_out, Kind.MOMENT),
        Column("minutes", "Time", lambda item: item.minutes, Kind.MINUTES, on_page=False),
        Column("origin", "From", lambda item: item.origin, on_page=False),
        Column("reason", "Reason", lambda item: item.reason, on_page=False),
        Column("asked_by", "Requested by", lambda item: item.asked_by),
        Column("asked", "Requested", lambda item: item.asked_at, Kind.MOMENT, sort="asked"),
        Column("endorsed_by", "First approval by", lambda item: item.endorsed_by, on_page=False),
        Column("decided_by", "Decided by", lambda item: item.decided_by, on_page=False),
        Column("decided", "Decided", lambda item: item.decided_at, Kind.MOMENT, on_page=False),
        Column("note", "Answer", lambda item: item.note, on_page=False),
        Column("status", "Status", lambda item: item.state, Kind.STATUS),
        action("Request"),
    ),
    search="Search by student or program",
    filters=(
        Filter(
            "state",
            "Status",
            [
                ("endorsed", "Waiting for a second approval"),
                ("approved", "Approved"),
                ("declined", "Declined"),
                ("all", "All requests"),
            ],
            "Not decided",
        ),
    ),
    counted="Requests",
)
