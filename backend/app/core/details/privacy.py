"""Details of what FERPA asks to keep. What records say, and why somebody asks, stand in the rows themselves."""

from datetime import date
from typing import Literal

from app.core.details.base import Details


class Disclosed(Details):
    """To whom, on which ground, and how many students were in the disclosure."""

    recipient: str
    basis: str
    students: int
    refused: bool


class Consented(Details):
    recipient: str
    method: Literal["electronic", "paper"]


class AccessAsked(Details):
    received_on: date
    due_on: date


class AccessClosed(Details):
    outcome: Literal["copy", "inspected", "withdrawn"]
    sha256: str | None = None
    """The archive that the student received."""


class AmendmentAsked(Details):
    record: str


class AmendmentDecided(Details):
    record: str
    outcome: Literal["amended", "refused", "upheld"]


class FileExported(Details):
    """A student's whole file, as it left: the hash of the archive, and how many files were in it."""

    sha256: str
    files: int


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

ACCESS_ANSWERED = ("access_request.closed", "access_requests", "Access request closed", AccessClosed)
ACCESS_ASKED = ("access_request.received", "access_requests", "Access to records requested", AccessAsked)
AMENDMENT_ASKED = ("amendment.asked", "amendment_requests", "Amendment of a record requested", AmendmentAsked)
AMENDMENT_DECIDED = ("amendment.decided", "amendment_requests", "Amendment decided", AmendmentDecided)
CONSENT_GIVEN = ("consent.given", "consents", "Consent to a disclosure given", Consented)
CONSENT_WITHDRAWN = ("consent.withdrawn", "consents", "Consent withdrawn", Consented)
DIRECTORY_ALLOWED = ("directory.allowed", "directory_opt_outs", "Directory information allowed again")
DIRECTORY_OPTED_OUT = ("directory.opted_out", "directory_opt_outs", "Opted out of directory information")
DISCLOSURE_RECORDED = ("disclosure.recorded", "disclosures", "Disclosure recorded", Disclosed)
HEARING_ASKED = ("amendment.hearing_asked", "amendment_requests", "Hearing requested", AmendmentAsked)
HEARING_HELD = ("amendment.hearing_held", "amendment_requests", "Hearing decided", AmendmentDecided)
STATEMENT_ATTACHED = (
    "amendment.statement_attached",
    "amendment_requests",
    "Student’s statement attached to a record",
    AmendmentAsked,
)
STUDENT_FILE_EXPORTED = ("student_file.exported", "users", "Whole student file downloaded", FileExported)
