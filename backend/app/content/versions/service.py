"""Versions of a lesson that students are on: they stay on the one they began until somebody moves them."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy
from app.content import queries as content
from app.content.versions import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.db.models import User
from app.enrollment import service as enrollment


@dataclass(frozen=True, slots=True)
class OnVersion:
    """A student and the version of the lesson they are on."""

    enrollment_id: int
    user_id: int
    full_name: str
    version: int
    is_newest: bool


def students_on_versions(session: Session, subject: Subject, lesson_id: int) -> list[OnVersion]:
    """Students of one's own who have begun the lesson and may still work in it, each with their version."""
    policy.require_read(subject)
    academics.lesson_place(session, lesson_id)
    current = content.current_package(session, lesson_id)
    if current is None:
        return []
    return [
        OnVersion(row.id, row.user_id, row.full_name, row.version, row.version == current.version)
        for row in queries.students_begun(
            session, lesson_id, policy.limit_attempts(session, subject, User.id)
        )
    ]


def move(session: Session, subject: Subject, lesson_id: int, enrollment_id: int | None) -> None:
    """Move a student to the newest version of the lesson, or all of one's own; what they did in the older one stays on
    record.

    Raises Forbidden, NotFound for a student whom one does not see or who has not begun. Moving again changes nothing.
    """
    policy.require_change(subject)
    # Before it is read who is to be moved: a second press finds nobody left.
    content.lock_lesson(session, lesson_id)
    found = students_on_versions(session, subject, lesson_id)
    wanted = [one for one in found if enrollment_id in (None, one.enrollment_id)]
    current = content.current_package(session, lesson_id)
    if current is None or (not wanted and enrollment_id is not None):
        raise NotFound("None of your students has started this lesson in that enrollment.")
    for student in sorted(wanted, key=lambda one: one.enrollment_id):
        if student.is_newest:
            continue
        enrollment.hold_for_study(session, student.enrollment_id)
        row = queries.add_move(
            session,
            enrollment_id=student.enrollment_id,
            lesson_id=lesson_id,
            package_id=current.id,
            by=subject.user_id,
            at=clock.now(),
        )
        history.record(
            session,
            subject,
            Action.CONTENT_STUDENT_MOVED,
            row.id,
            student_id=student.user_id,
            enrollment_id=student.enrollment_id,
            lesson_id=lesson_id,
            version=[student.version, current.version],
        )
