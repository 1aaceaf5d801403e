"""Rows of a lesson that is written here, of a question, and of more time for a student."""

from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import LessonText, Question, QuestionVersion, QuizAccommodation


def written(session: Session, lesson_id: int, program_id: int, enrollment_id: int) -> dict[str, int]:
    """The numbers of a question and an accommodation; the lesson has a text."""
    now = clock.now()
    question = Question(program_id=program_id, kind="choice")
    granted = QuizAccommodation(
        enrollment_id=enrollment_id, extra_attempts=1, reason="Approved", granted_at=now
    )
    session.add_all(
        [question, granted, LessonText(lesson_id=lesson_id, version=1, body="# Hands", quiz={}, saved_at=now)]
    )
    session.flush()
    session.add(
        QuestionVersion(
            question_id=question.id,
            version=1,
            prompt="Which?",
            points=1,
            content={"options": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]},
            key={"id": "a"},
            saved_at=now,
        )
    )
    session.flush()
    return {"question_id": question.id, "accommodation_id": granted.id}
