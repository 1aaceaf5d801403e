"""Who has seen a student's records, for the student."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.service import IdentifierKind
from app.core.actions import Action
from app.core.permissions import Duty, Subject
from app.core.purposes import Purpose
from app.core.views import Part
from app.db.models import AuditEntry
from app.desks import queries
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Seen:
    """One time that somebody looked, in words."""

    at: datetime
    who: str
    duty: str
    purpose: str
    what: str


def seen_of_mine(session: Session, subject: Subject, paging: Paging) -> Listing[Seen]:
    """Who has looked at one's own records, the last first. Search words are names."""
    return queries.views_listing(session, subject.user_id, paging).map(_seen)


def purpose_text(entry: AuditEntry) -> str:
    """`Instruction (Instructor)`: for which purpose, and by which duty."""
    purpose, duty = _label(Purpose, entry.purpose), _label(Duty, entry.actor_duty)
    return f"{purpose} ({duty})" if duty else purpose


def _seen(entry: AuditEntry) -> Seen:
    return Seen(
        at=entry.at,
        who=entry.actor_name or "Someone",
        duty=_label(Duty, entry.actor_duty) or "–",
        purpose=_label(Purpose, entry.purpose),
        what=_what(entry),
    )


def _what(entry: AuditEntry) -> str:
    details = entry.details
    if entry.action == Action.RECORD_VIEWED.value:
        part = _label(Part, str(details.get("part", "")))
        return f"{part} {details['record']}" if part == Part.DOCUMENT.label and "record" in details else part
    if entry.action == Action.DOCUMENT_DOWNLOADED.value:
        return f"Document {details.get('number', '')}, downloaded"
    if entry.action == Action.ATTACHMENT_DOWNLOADED.value:
        return "A file in your learning activity, downloaded"
    if entry.action == Action.IDENTIFIER_REVEALED.value:
        label = _label(IdentifierKind, str(details.get("kind", "")))
        return f"{label} ending in {details.get('last_four', '')}, shown in full: {entry.reason or ''}"
    if entry.action == Action.NAME_DOCUMENT_OPENED.value:
        return "The document of a change of your name"
    if entry.action == Action.STUDENT_FILE_EXPORTED.value:
        return "Your whole file, taken out as an archive"
    if entry.action == Action.ADMISSION_DOCUMENT_OPENED.value:
        return f"{details.get('kind', 'Document')}, opened"
    return "A list"


def _label(kind: type[Purpose] | type[Duty] | type[Part] | type[IdentifierKind], value: str | None) -> str:
    """The label of a member; one of another release as it is kept."""
    try:
        return kind(value or "").label
    except ValueError:
        return (value or "").replace("_", " ").capitalize()
