"""The lists of FERPA, described: disclosures, requests, directory information."""

from typing import Any

from app.rules.privacy import BASES
from app.web.reports import Column, Filter, Kind, Report


def _basis(row: Any) -> str:
    known = BASES.get(row.basis)
    return f"{known.label} ({known.rule})" if known else row.basis


DISCLOSURES = Report[Any](
    name="disclosures",
    title="Disclosures",
    columns=(
        Column("number", "Number", lambda row: row.id, Kind.NUMBER, on_page=False),
        Column("made_on", "Day", lambda row: row.made_on, Kind.DAY, sort="made"),
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/people/{row.student_id}/privacy",
        ),
        Column("recipient", "Recipient", lambda row: row.recipient, sort="recipient"),
        Column("interest", "Interest", lambda row: row.interest),
        Column("records", "Records", lambda row: row.records),
        Column("basis", "Basis", _basis),
        Column("refused", "Refused", lambda row: row.refused, Kind.YES_NO, on_page=False),
    ),
    search="Search by student, recipient or interest",
    counted="Disclosures",
)
REQUESTS = Report[Any](
    name="requests-of-students",
    title="Student requests",
    columns=(
        Column("student", "Student", lambda row: row.about, sort="student", link=lambda row: row.href),
        Column(
            "kind",
            "Kind",
            lambda row: "See records" if row.href.startswith("/privacy/access") else "Amend a record",
        ),
        Column("what", "What", lambda row: row.what),
        Column("since", "Entered", lambda row: row.since, Kind.MOMENT, sort="since"),
        Column("due_on", "Due", lambda row: row.due_on, Kind.DAY, sort="due"),
    ),
    search="Search by student",
    filters=(Filter("state", "Status", (("closed", "Closed"),), "Waiting"),),
    counted="Requests",
)
DIRECTORY = Report[Any](
    name="directory-information",
    title="Directory information",
    columns=(
        Column("student", "Student", lambda row: row.full_name, sort="student"),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("enrolled_at", "Enrolled", lambda row: row.enrolled_at, Kind.DAY, sort="enrolled"),
        Column("status", "Status", lambda row: row.status, Kind.STATUS),
        Column("completed_at", "Completed", lambda row: row.completed_at, Kind.DAY),
    ),
    search="Search by student or program",
    counted="Enrollments",
)
