"""The lists of transcripts and of requests, described."""

from typing import Any

from app.compliance.transcripts.schemas import DELIVERY_NAMES
from app.web.reports import Column, Filter, Kind, Report

STATES = (("issued", "Issued"), ("replaced", "Replaced"), ("void", "Void"))
REQUEST_STATES = (
    ("waiting", "Waiting"),
    ("fulfilled", "Fulfilled"),
    ("declined", "Declined"),
    ("canceled", "Canceled"),
)

TRANSCRIPTS_REPORT = Report[Any](
    name="transcripts",
    title="Transcripts",
    columns=(
        Column(
            "number",
            "Number",
            lambda row: row.number,
            sort="number",
            link=lambda row: f"/documents/{row.document_id}",
        ),
        Column(
            "student",
            "Student",
            lambda row: row.student,
            sort="student",
            link=lambda row: f"/people/{row.user_id}",
        ),
        Column("printed", "Name on it", lambda row: row.student_name, on_page=False),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("gpa", "GPA", lambda row: row.gpa, Kind.NUMBER, sort="gpa"),
        Column("status", "Status", lambda row: row.status, Kind.STATUS, sort="status"),
        Column("issued_at", "Issued", lambda row: row.generated_at, Kind.MOMENT, sort="issued"),
        Column("issuer", "Issued by", lambda row: row.issuer),
        Column("credits", "Credits earned", lambda row: row.total_credits, Kind.NUMBER, on_page=False),
        Column("replacement", "Replaced by", lambda row: row.replacement, on_page=False),
        Column("sha256", "SHA-256", lambda row: row.sha256, on_page=False),
    ),
    search="Search by number or student",
    filters=(Filter("status", "Status", STATES), Filter("program_id", "Program")),
)
REQUESTS_REPORT = Report[Any](
    name="transcript-requests",
    title="Transcript requests",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.student,
            sort="student",
            link=lambda row: f"/transcripts/requests/{row.TranscriptRequest.id}",
        ),
        Column("program", "Program", lambda row: row.program),
        Column("recipient", "Recipient", lambda row: row.TranscriptRequest.recipient, sort="recipient"),
        Column("delivery", "Delivery", lambda row: DELIVERY_NAMES[row.TranscriptRequest.delivery]),
        Column("state", "Status", lambda row: row.TranscriptRequest.state, Kind.STATUS, sort="state"),
        Column(
            "asked_at", "Requested", lambda row: row.TranscriptRequest.created_at, Kind.MOMENT, sort="asked"
        ),
        Column("fee", "Fee", lambda row: row.TranscriptRequest.fee_cents, Kind.CENTS, on_page=False),
        Column("purpose", "Purpose", lambda row: row.TranscriptRequest.purpose, on_page=False),
        Column("number", "Transcript", lambda row: row.number, on_page=False),
        Column(
            "decided_at", "Decided", lambda row: row.TranscriptRequest.decided_at, Kind.MOMENT, on_page=False
        ),
    ),
    search="Search by student or recipient",
    filters=(Filter("state", "Status", REQUEST_STATES),),
)
