"""Details of lessons that are written here, of questions, and of quizzes."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.details.base import Details, Percent


class TextSaved(Details):
    lesson_id: int
    version: int


class LessonPublished(Details):
    """`version` is the package's, `text_version` the text's."""

    lesson_id: int
    version: int
    text_version: int


class LessonExported(Details):
    """`version` is the package's; right answers of `questions` went with it."""

    lesson_id: int
    version: int
    standard: str
    questions: int


class MediaChanged(Details):
    lesson_id: int
    name: str
    sha256: str


class StudentMoved(Details):
    """The version before and after."""

    lesson_id: int
    version: list[int]


class QuestionSaved(Details):
    question_id: int
    version: int


class KeyCorrected(Details):
    """The key before and after."""

    question_id: int
    version: int
    before: dict[str, Any]
    after: dict[str, Any]


class QuizStarted(Details):
    lesson_id: int
    number: int
    deadline_at: datetime | None


class Answered(Details):
    """An answer of a submitted quiz: `earned` of `points`."""

    question_id: int
    prompt: str
    earned: Decimal
    points: Decimal
    answered: bool


class QuizSubmitted(Details):
    lesson_id: int
    sco_id: str
    title: str
    number: int
    ended_by: str
    points: Decimal
    points_possible: Decimal
    answers: list[Answered]


class QuizRegraded(Details):
    """Points before and after, and the score of the lesson."""

    lesson_id: int
    question_id: int
    number: int
    points: list[Decimal]
    score_pct: list[Percent]


class Accommodated(Details):
    lesson_id: int | None
    extra_time_percent: int
    extra_attempts: int


CONTENT_LESSON_EXPORTED = (
    "content.lesson_exported",
    "content_packages",
    "Lesson exported",
    LessonExported,
)
CONTENT_LESSON_PUBLISHED = (
    "content.lesson_published",
    "content_packages",
    "Written lesson published",
    LessonPublished,
)
CONTENT_MEDIA_ADDED = ("content.media_added", "lesson_media", "File added to a lesson", MediaChanged)
CONTENT_MEDIA_REMOVED = ("content.media_removed", "lesson_media", "File removed from a lesson", MediaChanged)
CONTENT_STUDENT_MOVED = (
    "content.student_moved",
    "lesson_moves",
    "Student moved to a newer version of a lesson",
    StudentMoved,
)
CONTENT_TEXT_SAVED = ("content.text_saved", "lesson_texts", "Text of a lesson saved", TextSaved)
QUESTION_KEY_CORRECTED = (
    "question.key_corrected",
    "question_versions",
    "Key of a question corrected",
    KeyCorrected,
)
QUESTION_RESTORED = ("question.restored", "questions", "Question put back into the bank", QuestionSaved)
QUESTION_RETIRED = ("question.retired", "questions", "Question taken out of the bank", QuestionSaved)
QUESTION_SAVED = ("question.saved", "question_versions", "Question saved", QuestionSaved)
QUIZ_ACCOMMODATED = (
    "quiz.accommodated",
    "quiz_accommodations",
    "Extra time or attempts granted for quizzes",
    Accommodated,
)
QUIZ_ACCOMMODATION_ENDED = (
    "quiz.accommodation_ended",
    "quiz_accommodations",
    "Extra time or attempts for quizzes ended",
    Accommodated,
)
QUIZ_REGRADED = ("quiz.regraded", "quiz_attempts", "Quiz graded again after a corrected key", QuizRegraded)
QUIZ_STARTED = ("quiz.started", "quiz_attempts", "Quiz started", QuizStarted)
QUIZ_SUBMITTED = ("quiz.submitted", "quiz_attempts", "Quiz submitted", QuizSubmitted)
