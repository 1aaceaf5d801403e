"""What of the work in lessons goes after a while."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists

from app.core import retention
from app.core.retention import Kind, Rows
from app.db.models import Launch, ScormCommit


def _is_due(before: datetime) -> ColumnElement[bool]:
    # While its lesson may still be open, a report can come again under the same number and must be known.
    over = exists().where(Launch.id == ScormCommit.launch_id, Launch.expires_at < before)
    return (ScormCommit.received_at < before) & over


def _about(students: Select[tuple[int]]) -> ColumnElement[bool]:
    return exists().where(Launch.id == ScormCommit.launch_id, Launch.user_id.in_(students))


_commits = Rows(ScormCommit.__table__, _is_due, about=_about)

retention.register(
    Kind(
        "scorm_commits",
        "Raw reports of lessons",
        "Each report of a SCORM lesson as it was received. The result, the score, the time and the bookmark of every "
        "attempt stay.",
        730,
        400,
        "They are the evidence behind the hours and results of the year that the school reports to GNPEC for its "
        "renewal (34 CFR 600.2 asks for evidence of online hours).",
        _commits.due,
        _commits.purge,
        ("scorm_commits",),
    )
)
retention.keep(
    "Lessons’ results and packages",
    "What a student has done, and the version of the lesson they did it in, belong to their academic record (GNPEC "
    "Standard 6).",
    "scorm_data",
    "launches",
    "content_packages",
    "content_files",
)
retention.keep(
    "Written lessons, questions and quizzes",
    "What a student was asked and answered, and every version of the text it stood in, belong to their academic record "
    "(GNPEC Standard 6).",
    "lesson_texts",
    "lesson_media",
    "lesson_moves",
    "questions",
    "question_versions",
    "quiz_attempts",
    "quiz_answers",
    "quiz_accommodations",
)
