"""Everything about one student on one page, for the staff."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.accounts.service import Reached
from app.compliance.attendance import service as attendance
from app.compliance.attendance.service import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentHours,
    Totals,
)
from app.compliance.privacy import service as privacy
from app.core import views
from app.core.directory import may_publish
from app.core.errors import NotFound
from app.core.permissions import Role, Subject
from app.core.views import Part
from app.db.models import User
from app.desks import policy
from app.enrollment import service as enrollment
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Studied:
    """An enrollment with the hours done for it."""

    enrollment: Row[Any]
    hours: EnrollmentHours | None


@dataclass(frozen=True, slots=True)
class StudentPage:
    """What everybody looks for first; the rest is in `person_sections`."""

    person: User
    file: Reached | None
    """What to call the student and whom to call for them; None for a deleted account."""
    here: AttendanceOut | None
    studied: list[Studied]
    totals: Totals | None
    records: list[AttendanceOut]
    hidden: bool
    """Whether the student has opted out of directory information."""
    statements: list[tuple[str, str]]
    """The student’s statements about records that were not amended: which record, and their words."""


@views.opens(Part.FILE, student="user_id")
def student_page(session: Session, subject: Subject, user_id: int, zone: ZoneInfo) -> StudentPage:
    """The student's page: a fixed number of queries. Hours are None for those who do not read them.

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
    return StudentPage(
        person=person,
        file=None if person.deleted_at else accounts.reached(session, subject, user_id),
        here=next((entry for entry in records if entry.state is AttendanceState.OPEN), None),
        studied=[Studied(item, hours.get(item.id)) for item in listed.items],
        totals=totals,
        records=records,
        hidden=not may_publish(session, user_id),
        statements=privacy.statements_of(session, user_id),
    )


def student(session: Session, subject: Subject, user_id: int) -> User:
    """The account of a student; a deleted one for those who may restore it. Raises NotFound otherwise."""
    policy.require_read_student(subject)
    person = accounts.get_person(session, subject, user_id)
    if person.role is not Role.STUDENT:
        raise NotFound(policy.NO_STUDENT)
    return person
