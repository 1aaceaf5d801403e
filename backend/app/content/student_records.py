"""What of the work in lessons is in a student's whole file."""

from sqlalchemy import Select, select

from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import (
    AssignmentAllowance,
    Enrollment,
    HandIn,
    HandInFile,
    HandInGrade,
    Launch,
    LessonMove,
    QuizAccommodation,
    QuizAnswer,
    QuizAttempt,
    ScormCommit,
    ScormCourse,
    ScormData,
)

records.export(
    ScormData,
    "lessons",
    "Attempts at lessons",
    records.owned(ScormData.user_id),
)
records.export(
    ScormCourse,
    "lessons",
    "Courses as a whole",
    lambda student: ScormCourse.enrollment_id.in_(select(Enrollment.id).where(Enrollment.user_id == student)),
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


def _hand_ins(student: int) -> Select[tuple[int]]:
    return select(HandIn.id).where(HandIn.enrollment_id.in_(_enrollments(student)))


records.export(HandIn, "lessons", "What was handed in", records.within(HandIn.enrollment_id, _enrollments))
records.export(
    HandInFile,
    "lessons",
    "Files that were handed in",
    records.within(HandInFile.hand_in_id, _hand_ins),
    papers=(StoredPaper("sha256", "media_type"),),
)
records.export(
    HandInGrade,
    "lessons",
    "Grades of what was handed in",
    records.within(HandInGrade.hand_in_id, _hand_ins),
    papers=(StoredPaper("file_sha256", "file_type"),),
)
records.export(
    AssignmentAllowance,
    "lessons",
    "More time or another hand-in",
    records.within(AssignmentAllowance.enrollment_id, _enrollments),
)
records.leave_out(
    "What assignments ask of everybody, and until when.",
    "assignments",
    "assignment_versions",
    "assignment_dues",
)
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
    "Extra time or attempts for quizzes",
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
