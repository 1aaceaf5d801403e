"""Which lessons are assignments: students hand something in for them, and nothing is played in them."""

from sqlalchemy.orm import Session

from app.academics.service import LessonPlace
from app.content.assignments import queries
from app.core.errors import Invalid
from app.core.permissions import internal


@internal("says what a lesson is, and nothing of a student")
def is_assignment(session: Session, lesson_id: int) -> bool:
    """Whether students hand something in for the lesson."""
    return bool(queries.pages_of(session, [lesson_id]))


@internal("says what a lesson is, and nothing of a student")
def require_no_assignment(session: Session, place: LessonPlace) -> None:
    """Before something to be read or watched is put into a lesson. Raises Invalid for an assignment."""
    if is_assignment(session, place.id):
        raise Invalid(
            f"“{place.title}” is an assignment. Add another lesson for what students read or watch."
        )
