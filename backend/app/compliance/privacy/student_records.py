"""What of FERPA's records is in a student's whole file, and the history about them."""

from sqlalchemy import select

from app.compliance.complaints import policy as complaints
from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    AccessRequest,
    AmendmentRequest,
    AuditEntry,
    Consent,
    DirectoryOptOut,
    DisclosedStudent,
    Disclosure,
)

records.export(
    Disclosure,
    "privacy",
    "Disclosures to others",
    lambda student: Disclosure.id.in_(
        select(DisclosedStudent.disclosure_id).where(DisclosedStudent.student_id == student)
    ),
)
records.export(
    Consent,
    "privacy",
    "Consents",
    records.owned(Consent.student_id),
    papers=(StoredPaper("document_sha256", "document_type"),),
)
records.export(DirectoryOptOut, "privacy", "Directory opt-outs", records.owned(DirectoryOptOut.student_id))
records.export(
    AccessRequest,
    "privacy",
    "Requests to see records",
    records.owned(AccessRequest.student_id),
)
records.export(
    AmendmentRequest,
    "privacy",
    "Requests to amend records",
    records.owned(AmendmentRequest.student_id),
)
records.leave_out(
    "Only says which files an inspector was given; the disclosure is in.",
    "inspection_packets",
    "inspected_students",
)
records.leave_out(
    "Only says which students a disclosure was about; the student’s disclosures are in.", "disclosed_students"
)
records.export(
    AuditEntry,
    "history",
    "Everything that happened, and who looked",
    records.owned(AuditEntry.student_id),
    withheld={"ip": "Network addresses are those of whoever acted."},
    readable=lambda reader: ~complaints.hidden_history(reader),
    limited="Nobody finds complaints about themselves.",
)
