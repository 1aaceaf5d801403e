"""The lists of punches and cards, described."""

from app.compliance.attendance.kiosk.schemas import CardLine, PunchLine
from app.web.reports import Column, Filter, Kind, Report, action

PUNCHES = Report[PunchLine](
    name="kiosk-punches",
    title="Punches at kiosks",
    columns=(
        Column("number", "Punch", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column("student", "Student", lambda item: item.student or "Nobody known", sort="student"),
        Column("what", "Button", lambda item: item.what),
        Column("punched", "Time", lambda item: item.punch.punched_at, Kind.MOMENT, sort="punched"),
        Column("made", "Tablet’s clock", lambda item: item.punch.made_at, Kind.MOMENT, on_page=False),
        Column(
            "offset",
            "Server ahead of tablet, ms",
            lambda item: item.punch.offset_ms,
            Kind.NUMBER,
            on_page=False,
        ),
        Column(
            "measured",
            "The same at arrival, ms",
            lambda item: item.punch.measured_ms,
            Kind.NUMBER,
            on_page=False,
        ),
        Column("received", "Received", lambda item: item.punch.received_at, Kind.MOMENT, sort="received"),
        Column("kiosk", "Kiosk", lambda item: item.kiosk, sort="kiosk"),
        Column("why", "Why", lambda item: item.punch.sentence, on_page=False),
        Column("status", "Status", lambda item: item.label),
        action("Punch"),
    ),
    search="Search by student or kiosk",
    filters=(
        Filter(
            "state",
            "Status",
            [
                ("recorded", "Recorded"),
                ("refused", "Refused"),
                ("held", "Held back"),
                ("all", "All punches"),
            ],
            "To look at",
        ),
    ),
    counted="Punches",
)

CARDS = Report[CardLine](
    name="kiosk-cards",
    title="Kiosk cards",
    columns=(
        Column(
            "student",
            "Student",
            lambda item: item.student,
            sort="student",
            link=lambda item: f"/people/{item.user_id}",
        ),
        Column("user_number", "Number", lambda item: item.user_id, Kind.NUMBER),
        Column("card", "Card", lambda item: item.card_id, Kind.NUMBER),
        Column("issued", "Issued", lambda item: item.issued_at, Kind.MOMENT, sort="issued"),
        action("Card"),
    ),
    search="Search by student",
    counted="Students",
)
