"""The sections of a student's page that are asked for when somebody comes to them.

What everybody looks for first is on the page itself; each of these is a page of its own as well, and takes its place on
the student's page once it is in sight. So nobody waits for the timeline who came for the hours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.externships import service as externships
from app.compliance.transcripts import service as transcripts
from app.content import service as content
from app.core import clock, views
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.core.views import Part
from app.db.models import User
from app.desks import audit, person, policy
from app.documents import service as documents
from app.enrollment.service import admission_papers
from app.lrs import service as record_store

_LATEST = 20
"""How many lines of learning activity are shown."""


class Section(StrEnum):
    """A section, as it is named in addresses."""

    LESSONS = "lessons"
    DOCUMENTS = "documents"
    HOLDS = "holds"
    ADMISSION = "admission"
    EXTERNSHIPS = "externships"
    NOTES = "notes"
    ACTIVITY = "activity"
    TIMELINE = "timeline"

    @property
    def heading(self) -> str:
        return _TITLES[self]


_TITLES = {
    Section.LESSONS: "Lesson results",
    Section.DOCUMENTS: "Documents",
    Section.HOLDS: "Transcript holds",
    Section.ADMISSION: "Admission documents",
    Section.EXTERNSHIPS: "Externships",
    Section.NOTES: "Notes",
    Section.ACTIVITY: "Learning activity",
    Section.TIMELINE: "Timeline",
}


@dataclass(frozen=True, slots=True)
class SectionPage:
    """A section of a student's page. `found` is what its template draws."""

    person: User
    section: Section
    found: Any


def sections_of(subject: Subject, student: User) -> list[Section]:
    """Which sections a person sees of a student, in their order. Asks nothing of the database."""
    there = student.deleted_at is None
    shown = {
        Section.LESSONS: True,
        Section.DOCUMENTS: documents.may_read(subject, student.id),
        Section.HOLDS: transcripts.may_see_holds(subject),
        Section.ADMISSION: there and subject.may(Permission.ADMISSIONS_READ),
        Section.EXTERNSHIPS: externships.may_list(subject),
        Section.NOTES: there and subject.may(Permission.NOTES_READ),
        Section.ACTIVITY: policy.may_read_statements(subject),
        Section.TIMELINE: True,
    }
    return [section for section in Section if shown[section]]


@views.opens(Part.FILE, student="user_id")
def student_section(
    session: Session, subject: Subject, user_id: int, section: Section, zone: ZoneInfo
) -> SectionPage:
    """One section of a student's page. Raises NotFound for students, and for a section that is not shown."""
    student = person.student(session, subject, user_id)
    if section not in sections_of(subject, student):
        raise NotFound("There is no such section, or you don’t have access to it.")
    return SectionPage(student, section, _FOUND[section](session, subject, user_id, zone))


def _documents(session: Session, subject: Subject, user_id: int, _zone: ZoneInfo) -> Any:
    return documents.of_student(session, subject, user_id), documents.offers(session, subject, user_id)


def _notes(session: Session, subject: Subject, user_id: int, _zone: ZoneInfo) -> Any:
    return [one for one in accounts.notes_of(session, subject, user_id) if one.superseded_by is None]


_FOUND: dict[Section, Callable[[Session, Subject, int, ZoneInfo], Any]] = {
    Section.LESSONS: lambda session, subject, user_id, _zone: content.attempts_of(session, subject, user_id),
    Section.DOCUMENTS: _documents,
    Section.HOLDS: lambda session, _subject, user_id, _zone: transcripts.holds_of(session, user_id),
    Section.ADMISSION: lambda session, subject, user_id, zone: admission_papers.checklist(
        session, subject, user_id, clock.today(zone)
    ),
    Section.EXTERNSHIPS: externships.lines_of,
    Section.NOTES: _notes,
    Section.ACTIVITY: lambda session, subject, user_id, _zone: record_store.recent_for_user(
        session, subject, user_id, _LATEST
    ),
    Section.TIMELINE: lambda session, subject, user_id, _zone: audit.about_student(session, subject, user_id),
}
