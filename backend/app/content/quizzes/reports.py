"""The results of a quiz by student, described."""

from app.content.quizzes.results import StudentResult
from app.web.reports import Column, Kind, Report

QUIZ_RESULTS = Report[StudentResult](
    name="quiz-results",
    title="Quiz results",
    columns=(
        Column("student", "Student", lambda row: row.full_name, sort="student"),
        Column("attempts", "Attempts", lambda row: row.attempts, Kind.NUMBER, sort="attempts"),
        Column("best", "Best", lambda row: row.best, Kind.PERCENT, sort="best"),
        Column("last", "Last", lambda row: row.last, Kind.PERCENT, sort="last"),
        Column("submitted", "Submitted", lambda row: row.submitted_at, Kind.MOMENT, sort="submitted"),
        Column("open", "In progress", lambda row: row.is_open, Kind.YES_NO),
    ),
    search="Search by name",
)
