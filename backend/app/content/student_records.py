"""What of the work in lessons is in a student's whole file."""

from sqlalchemy import Select, select

from app.core import student_records as records
from app.db.models import (
    Enrollment,
    Launch,
    LessonMove,
    QuizAccommodation,
    QuizAnswer,
    QuizAttempt,
    ScormCommit,
    ScormData,
)

records.export(
    ScormData,
    "lessons",
    "Attempts at lessons",
    records.owned(ScormData.user_id),
)
records.export(
    Launch,
    "lessons",
    "Sessions of lessons",
    records.owned(Launch.user_id),
    withheld={"token_hash": "A secret; it says nothing about the student."},
)
records.export(
    ScormCommit,
    "lessons",
    "Raw reports of lessons",
    lambda student: ScormCommit.launch_id.in_(select(Launch.id).where(Launch.user_id == student)),
)
records.leave_out(
    "What the staff uploaded for everybody; a student uploads no package.",
    "content_packages",
    "content_files",
)


def _enrollments(student: int) -> Select[tuple[int]]:
    return select(Enrollment.id).where(Enrollment.user_id == student)


records.export(QuizAttempt, "lessons", "Attempts at quizzes", records.owned(QuizAttempt.user_id))
records.export(
    QuizAnswer,
    "lessons",
    "Answers in quizzes",
    records.within(
        QuizAnswer.attempt_id, lambda student: select(QuizAttempt.id).where(QuizAttempt.user_id == student)
    ),
)
records.export(
    QuizAccommodation,
    "lessons",
    "More time or attempts for quizzes",
    records.within(QuizAccommodation.enrollment_id, _enrollments),
)
records.export(
    LessonMove,
    "lessons",
    "Moves to newer versions of lessons",
    records.within(LessonMove.enrollment_id, _enrollments),
)
records.leave_out(
    "What the staff wrote for everybody; a student writes no lessons and questions.",
    "lesson_texts",
    "lesson_media",
    "questions",
    "question_versions",
)
