"""What of accounts and student files is in a student's whole file, and what is not."""

from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    EmergencyContact,
    FormerName,
    NameRequest,
    StudentAddress,
    StudentFieldValue,
    StudentIdentifier,
    StudentNote,
    StudentPhone,
    StudentProfile,
    User,
    UserSession,
)

records.export(
    User,
    "person",
    "Account",
    records.owned(User.id),
    withheld={
        "hashed_password": "A secret; it says nothing about the student.",
        "search_text": "Derived from the name.",
    },
)
for column, title in (
    (StudentAddress.user_id, "Addresses"),
    (StudentPhone.user_id, "Phones"),
    (EmergencyContact.user_id, "Emergency contacts"),
    (StudentFieldValue.user_id, "The school’s own fields"),
    (StudentNote.user_id, "Notes of the staff"),
):
    records.export(column.class_, "person", title, records.owned(column))
records.export(
    StudentProfile,
    "person",
    "Personal information",
    records.owned(StudentProfile.user_id),
    papers=(StoredPaper("photo_sha256", "image/jpeg"),),
)
for column, title in ((FormerName.user_id, "Former names"), (NameRequest.user_id, "Name change requests")):
    records.export(
        column.class_,
        "person",
        title,
        records.owned(column),
        papers=(StoredPaper("document_sha256", "document_type"),),
    )
records.export(
    StudentIdentifier,
    "person",
    "Identifiers, by their last digits",
    records.owned(StudentIdentifier.user_id),
    withheld={
        "sealed_value": "Sealed; the student knows the number.",
        "blind_index": "Derived from the number.",
    },
)
records.export(
    UserSession,
    "person",
    "Where the student was signed in",
    records.owned(UserSession.user_id),
    withheld={"token_hash": "A secret; it says nothing about the student."},
)
records.leave_out(
    "Ways into the account: secrets and hashes of them, and nothing else about the student. That they were made and "
    "used is in the history.",
    "account_links",
    "api_tokens",
    "authenticators",
    "factor_challenges",
    "factor_resets",
    "passkeys",
    "recovery_codes",
)
records.leave_out("Duties of the staff; a student has none.", "user_duties")
