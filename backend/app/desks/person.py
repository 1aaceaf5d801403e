"""Everything about one student on one page, for the staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.accounts.service import Note, StudentFile
from app.compliance.attendance import service as attendance
from app.compliance.attendance.service import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentHours,
    Totals,
)
from app.compliance.externships import service as externships
from app.compliance.privacy import service as privacy
from app.compliance.transcripts import service as transcripts
from app.content import service as content
from app.content.service import AttemptOut
from app.core import clock, views
from app.core.directory import may_publish
from app.core.errors import NotFound
from app.core.permissions import Permission, Role, Subject
from app.core.views import Part
from app.db.models import IssuedDocument, User
from app.desks import audit, policy
from app.documents import service as documents
from app.documents.service import Offer
from app.enrollment import service as enrollment
from app.enrollment.service import admission_papers
from app.lrs import service as record_store
from app.lrs.service import Line
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Studied:
    """An enrollment with the hours done for it."""

    enrollment: Row[Any]
    hours: EnrollmentHours | None


@dataclass(frozen=True, slots=True)
class StudentPage:
    person: User
    file: StudentFile | None
    """What to call the student and whom to call for them; None for a deleted account."""
    papers: admission_papers.Checklist | None
    """The documents they must bring; None for those who do not read them."""
    externships: Sequence[Any] | None
    """Where they are placed; None for those who do not read externships."""
    notes: Sequence[Note] | None
    """Notes for the person's duties; None for those who read none."""
    here: AttendanceOut | None
    studied: list[Studied]
    totals: Totals | None
    records: list[AttendanceOut]
    attempts: list[AttemptOut]
    events: list[audit.Event]
    learning: list[Line] | None
    documents: Sequence[IssuedDocument]
    offers: list[Offer]
    sees_documents: bool
    hidden: bool
    """Whether the student has opted out of directory information."""
    statements: list[tuple[str, str]]
    """The student’s statements about records that were not amended: which record, and their words."""
    holds: list[str] | None
    """Why no transcript is issued now; None for those who do not see holds."""


@views.opens(Part.FILE, student="user_id")
def student_page(session: Session, subject: Subject, user_id: int, zone: ZoneInfo) -> StudentPage:
    """The student's page: a fixed number of queries. Hours and learning are None for those who do not read them.

    Raises NotFound for students, also about themselves.
    """
    person = student(session, subject, user_id)
    listed = enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=user_id).page()
    totals, records = None, []
    if policy.may_read_hours(subject):
        choices = attendance.enrollments_of(session, subject, user_id)
        totals = attendance.totals_of(session, subject, user_id, choices, zone)
        wanted = AttendanceFilter(user_id=user_id)
        records = attendance.recent_records(session, subject, wanted, zone, limit=10)
    hours = {item.enrollment_id: item for item in totals.enrollments} if totals else {}
    reads_statements = policy.may_read_statements(subject)
    return StudentPage(
        person=person,
        file=None if person.deleted_at else accounts.read_file(session, subject, user_id),
        papers=_papers(session, subject, person, zone),
        externships=externships.lines_of(session, subject, user_id, zone),
        notes=_notes(session, subject, person),
        here=next((entry for entry in records if entry.state is AttendanceState.OPEN), None),
        studied=[Studied(item, hours.get(item.id)) for item in listed.items],
        totals=totals,
        records=records,
        attempts=content.attempts_of(session, subject, user_id),
        events=audit.about_student(session, user_id),
        learning=record_store.recent_for_user(session, subject, user_id, 20) if reads_statements else None,
        documents=documents.of_student(session, subject, user_id),
        offers=documents.offers(session, subject, user_id),
        sees_documents=documents.may_read(subject, user_id),
        hidden=not may_publish(session, user_id),
        statements=privacy.statements_of(session, user_id),
        holds=transcripts.holds_of(session, user_id) if transcripts.may_see_holds(subject) else None,
    )


def _papers(
    session: Session, subject: Subject, person: User, zone: ZoneInfo
) -> admission_papers.Checklist | None:
    if person.deleted_at or not subject.may(Permission.ADMISSIONS_READ):
        return None
    return admission_papers.checklist(session, subject, person.id, clock.today(zone))


def _notes(session: Session, subject: Subject, person: User) -> Sequence[Note] | None:
    if person.deleted_at or person.id == subject.user_id or not subject.may(Permission.NOTES_READ):
        return None
    return [one for one in accounts.notes_of(session, subject, person.id) if one.superseded_by is None]


def student(session: Session, subject: Subject, user_id: int) -> User:
    """The account of a student; a deleted one for those who may restore it. Raises NotFound otherwise."""
    policy.require_read_student(subject)
    person = accounts.get_person(session, subject, user_id)
    if person.role is not Role.STUDENT:
        raise NotFound(policy.NO_STUDENT)
    return person
