"""What courses report of answers and objectives, described."""

from app.content.answers.service import Answer, Goal
from app.content.schemas import REPORTED
from app.web.reports import Column, Filter, Kind, Report

STUDENTS = Filter("students", "Students", [("all", "Former students too")], "Enrolled now")

ANSWERS = Report[Answer](
    name="content-answers",
    title=f"Answers, {REPORTED}",
    columns=(
        Column("student", "Student", lambda row: row.full_name, sort="student"),
        Column("part", "Part", lambda row: row.part),
        Column("version", "Version", lambda row: row.version, Kind.NUMBER, on_page=False),
        Column("attempt", "Attempt", lambda row: row.attempt_no, Kind.NUMBER),
        Column("question", "Question", lambda row: row.said.question, sort="question"),
        Column("question_id", "Question identifier", lambda row: row.said.id, on_page=False),
        Column("kind", "Kind", lambda row: row.said.kind, on_page=False),
        Column("answer", "Answer", lambda row: row.said.answer),
        Column("right_answer", "Right answer", lambda row: " or ".join(row.said.right_answers)),
        Column("result", "Result", lambda row: row.said.result, sort="result"),
        Column("latency", "Latency (seconds)", lambda row: row.said.latency, Kind.NUMBER, sort="latency"),
        Column("answered", "Answered, by the course’s clock", lambda row: row.said.at, on_page=False),
        Column("reported", "Last reported", lambda row: row.reported_at, Kind.MOMENT, sort="at"),
        Column("source", "Source", lambda _row: REPORTED, on_page=False),
    ),
    search="Search by student or question",
    filters=(STUDENTS,),
)
OBJECTIVES = Report[Goal](
    name="content-objectives",
    title=f"Objectives, {REPORTED}",
    columns=(
        Column("student", "Student", lambda row: row.full_name, sort="student"),
        Column("part", "Part", lambda row: row.part),
        Column("version", "Version", lambda row: row.version, Kind.NUMBER, on_page=False),
        Column("attempt", "Attempt", lambda row: row.attempt_no, Kind.NUMBER),
        Column("objective", "Objective", lambda row: row.objective, sort="objective"),
        Column("objective_id", "Objective identifier", lambda row: row.said.id, on_page=False),
        Column("status", "Status", lambda row: row.said.status, Kind.STATUS, sort="status"),
        Column("score", "Score as sent", lambda row: row.said.score),
        Column("reported", "Last reported", lambda row: row.reported_at, Kind.MOMENT, sort="at"),
        Column("source", "Source", lambda _row: REPORTED, on_page=False),
    ),
    search="Search by student or objective",
    filters=(STUDENTS,),
)
