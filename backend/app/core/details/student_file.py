"""Details of what happens to a student's file. Numbers, addresses and telephones are in its own tables alone."""

from datetime import date
from typing import Literal

from app.core.details.base import Details


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
