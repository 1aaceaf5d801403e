"""Details of what happens to a student's file. Numbers, addresses and telephones are in its own tables alone."""

from datetime import date
from typing import Literal

from app.core.details.base import Details, FieldsChanged, Named


class ContactChanged(Details):
    """Which part of the contact information: the rows themselves keep what they said, with their days."""

    what: Literal["address", "phone", "emergency contact"]
    added: int | None = None
    """The number of the new row."""
    ended: int | None = None
    """The number of the row that is no longer used."""


class Identifier(Details):
    kind: str
    last_four: str


class IdentifierSearched(Details):
    found: int


class NameChanged(Details):
    """The old and the new name, and the day from which the new one counts."""

    full_name: list[str]
    counts_from: date


class NameAsked(Details):
    full_name: str


class FieldChanged(Details):
    """A field of the school's own: what became of it."""

    name: str
    what: Literal["added", "changed", "archived", "restored"]


class AdmissionPaper(Details):
    kind: str


class AdmissionChecked(Details):
    kind: str
    state: Literal["accepted", "rejected"]
    expires_on: date | None = None


class RequirementsChanged(Named):
    """The kinds of documents that a program required, and those that it requires now."""

    kinds: list[list[str]]


class AdmissionReminded(Details):
    kind: str
    days: int
    """How many days before its end the reminder was due."""
    expires_on: date


class ApplicationReceived(Details):
    program_id: int
    wanted_start: date | None = None


class ApplicationState(Details):
    state: list[str]
    """The old and the new state."""


class NoteWritten(Details):
    """Who may read it. What it says is in the note alone."""

    audience: list[str]
    supersedes: int | None = None


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

ADMISSION_DOCUMENT_CHECKED = (
    "admission_document.checked",
    "admission_documents",
    "Admission document checked",
    AdmissionChecked,
)
ADMISSION_DOCUMENT_OPENED = (
    "admission_document.opened",
    "admission_documents",
    "Admission document opened",
    AdmissionPaper,
)
ADMISSION_DOCUMENT_RECEIVED = (
    "admission_document.received",
    "admission_documents",
    "Admission document received",
    AdmissionPaper,
)
ADMISSION_KIND_CHANGED = (
    "admission_kind.changed",
    "admission_kinds",
    "Kind of admission document changed",
    Named,
)
ADMISSION_REMINDED = (
    "admission_document.reminded",
    "admission_documents",
    "Reminder of an expiring document sent",
    AdmissionReminded,
)
ADMISSION_REQUIREMENTS_CHANGED = (
    "admission_requirements.changed",
    "programs",
    "Required documents changed",
    RequirementsChanged,
)
APPLICATION_CHANGED = ("application.changed", "applications", "Application changed", ApplicationState)
APPLICATION_RECEIVED = ("application.received", "applications", "Application received", ApplicationReceived)
IDENTIFIER_ADDED = ("identifier.added", "student_identifiers", "Identifier added", Identifier)
IDENTIFIER_REMOVED = ("identifier.removed", "student_identifiers", "Identifier removed", Identifier)
IDENTIFIER_REVEALED = ("identifier.revealed", "student_identifiers", "Identifier shown in full", Identifier)
IDENTIFIER_SEARCHED = (
    "identifier.searched",
    "student_identifiers",
    "Students searched by identifier",
    IdentifierSearched,
)
NAME_CHANGED = ("name.changed", "former_names", "Legal name changed", NameChanged)
NAME_REQUESTED = ("name_request.asked", "name_requests", "Change of name requested", NameAsked)
NAME_REQUEST_DECLINED = ("name_request.declined", "name_requests", "Change of name declined", NameAsked)
STUDENT_CONTACT_CHANGED = ("student_contact.changed", "users", "Contact information changed", ContactChanged)
STUDENT_FIELD_CHANGED = (
    "student_field.changed",
    "student_fields",
    "Field of the student file changed",
    FieldChanged,
)
STUDENT_FILE_CHANGED = ("student_file.changed", "student_profiles", "Student file changed", FieldsChanged)
