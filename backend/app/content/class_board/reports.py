"""The lessons of a class by its students, described."""

from app.content.class_board.service import Cell
from app.content.schemas import REPORTED
from app.web.reports import Column, Kind, Report

CLASS_LESSONS = Report[Cell](
    name="class-lessons",
    title="Lessons of a class",
    columns=(
        Column("student", "Student", lambda row: row.full_name, sort="student"),
        Column("module", "Module", lambda row: row.module, on_page=False),
        Column("lesson", "Lesson", lambda row: row.lesson_title, sort="lesson"),
        Column("state", "Standing", lambda row: row.state.value, Kind.STATUS, sort="state"),
        Column("score", "Score", lambda row: row.score, Kind.PERCENT, sort="score"),
        Column("time", "Time in the lesson", lambda row: row.work.seconds // 60, Kind.MINUTES, sort="time"),
        Column("completed", "Completed", lambda row: row.work.completed_at, Kind.MOMENT, on_page=False),
        Column("last", "Last activity", lambda row: row.last, Kind.MOMENT, sort="last"),
        Column("source", "Time and scores of packages", lambda _row: REPORTED, on_page=False),
    ),
    search="Search by student or lesson",
)
