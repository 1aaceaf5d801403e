"""More time or more attempts for a student, granted with a reason and ended by name."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy as content_policy
from app.content.quizzes import policy, queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import QuizAccommodation, User
from app.web.field_types import RecordId, Text

_ENDED = "There is no such accommodation, or it has ended."


class AccommodationForm(BaseModel):
    """What a student is granted."""

    enrollment_id: Annotated[RecordId, Field(title="Student")]
    extra_time_percent: Annotated[int, Field(ge=0, le=300, title="More time")] = 0
    extra_attempts: Annotated[int, Field(ge=0, le=20, title="More attempts")] = 0
    everywhere: Annotated[bool, Field(title="Every quiz")] = False
    """In every quiz of the program, not just this lesson."""
    reason: Annotated[Text, Field(min_length=1, max_length=500, title="Reason")]


class EndingForm(BaseModel):
    """An accommodation that ends."""

    accommodation_id: RecordId


def of_lesson(session: Session, subject: Subject, lesson_id: int) -> Sequence[Any]:
    """What holds now for students whom one sees: the row, `user_id` and `full_name`. Raises Forbidden, NotFound."""
    content_policy.require_read_results(subject)
    place = academics.lesson_place(session, lesson_id)
    visible = content_policy.limit_attempts(session, subject, User.id)
    return queries.accommodations_of_lesson(session, lesson_id, place.program_id, visible)


def students(session: Session, subject: Subject, lesson_id: int) -> list[tuple[int, str]]:
    """Enrollments for which one may grant something: number and name. Empty for those who may not."""
    content_policy.require_read_results(subject)
    if not policy.may_accommodate(subject):
        return []
    place = academics.lesson_place(session, lesson_id)
    return [
        (row.id, row.full_name)
        for row in _students(session, subject, place.program_id)
        if row.user_id != subject.user_id
    ]


def grant(session: Session, subject: Subject, lesson_id: int, values: AccommodationForm) -> QuizAccommodation:
    """Grant more time or attempts from the next attempt on.

    Raises Forbidden, NotFound for a student whom one does not see, Invalid where nothing is granted, Conflict where
    something holds already.
    """
    content_policy.require_read_results(subject)
    place = academics.lesson_place(session, lesson_id)
    found = {row.id: row.user_id for row in _students(session, subject, place.program_id)}
    user_id = found.get(values.enrollment_id)
    if user_id is None:
        raise NotFound("There is no such student in this program.")
    policy.require_accommodate(session, subject, user_id)
    if not values.extra_time_percent and not values.extra_attempts:
        raise Invalid("Grant more time, more attempts, or both.")
    record = QuizAccommodation(
        enrollment_id=values.enrollment_id,
        lesson_id=None if values.everywhere else lesson_id,
        extra_time_percent=values.extra_time_percent,
        extra_attempts=values.extra_attempts,
        reason=values.reason,
        granted_by=subject.user_id,
        granted_at=clock.now(),
    )
    session.add(record)
    session.flush()
    _record(session, subject, Action.QUIZ_ACCOMMODATED, record, user_id, values.reason)
    return record


def end(session: Session, subject: Subject, lesson_id: int, accommodation_id: int) -> None:
    """End what was granted; attempts that go on keep their time. Raises Forbidden, NotFound."""
    found = {row.QuizAccommodation.id: row for row in of_lesson(session, subject, lesson_id)}
    row = found.get(accommodation_id)
    if row is None:
        raise NotFound(_ENDED)
    policy.require_accommodate(session, subject, row.user_id)
    if not queries.end_accommodation(session, accommodation_id, subject.user_id, clock.now()):
        raise NotFound(_ENDED)
    _record(session, subject, Action.QUIZ_ACCOMMODATION_ENDED, row.QuizAccommodation, row.user_id, None)


def _students(session: Session, subject: Subject, program_id: int) -> Sequence[Any]:
    visible = content_policy.limit_attempts(session, subject, User.id)
    return queries.active_students(session, program_id, visible)


def _record(
    session: Session,
    subject: Subject,
    action: Action,
    record: QuizAccommodation,
    user_id: int,
    reason: str | None,
) -> None:
    history.record(
        session,
        subject,
        action,
        record.id,
        student_id=user_id,
        enrollment_id=record.enrollment_id,
        reason=reason,
        lesson_id=record.lesson_id,
        extra_time_percent=record.extra_time_percent,
        extra_attempts=record.extra_attempts,
    )
