"""The lists of skills, described: by student, by attempt, and a class as a matrix."""

from typing import Any

from app.compliance.grades.skills.schemas import Board, Member
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report


def outcome_of(row: Any) -> str:
    """passed, failed or voided."""
    if row.void_reason is not None:
        return "voided"
    return "passed" if row.SkillAttempt.passed else "failed"


STUDENTS = Report[Any](
    name="skills-by-student",
    title="Skills by student",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/skills/students/{row.user_id}",
        ),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("status", "Enrollment", lambda row: row.status, Kind.STATUS, on_page=False),
        Column("passed", "Passed", lambda row: row.passed, Kind.NUMBER, sort="passed"),
        Column("required", "Required", lambda row: row.required, Kind.NUMBER),
        Column("missing", "Missing", lambda row: max(0, row.missing), Kind.NUMBER, sort="missing"),
        Column("attempts", "Attempts", lambda row: row.attempts, Kind.NUMBER, on_page=False),
        Column("last", "Last attempt", lambda row: row.last_on, Kind.DAY, sort="last"),
    ),
    search="Search by student or program",
    filters=(
        Filter("program_id", "Program"),
        Filter("class_id", "Class"),
        Filter("standing", "Standing", [("missing", "Skills missing"), ("passed", "All passed")]),
    ),
    groupings=(
        Grouping(
            "program",
            "Program",
            lambda columns, _zone: columns.program,
            measures=(Measure("passed", "Passed"), Measure("missing", "Missing")),
        ),
    ),
    counted="Students",
)
ATTEMPTS = Report[Any](
    name="skill-attempts",
    title="Skill attempts",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/skills/students/{row.user_id}",
        ),
        Column("program", "Program", lambda row: row.program, on_page=False),
        Column("section", "Section", lambda row: row.section, on_page=False),
        Column(
            "skill",
            "Skill",
            lambda row: row.SkillVersion.name,
            sort="skill",
            link=lambda row: f"/skills/attempts/{row.SkillAttempt.id}",
        ),
        Column("version", "Version", lambda row: row.SkillVersion.version, Kind.NUMBER, on_page=False),
        Column("day", "Date", lambda row: row.SkillAttempt.performed_on, Kind.DAY, sort="day"),
        Column("class", "Class", lambda row: row.code, sort="class"),
        Column("points", "Points", lambda row: row.SkillAttempt.points, Kind.NUMBER),
        Column("possible", "Possible", lambda row: row.SkillAttempt.points_possible, Kind.NUMBER),
        Column("outcome", "Result", outcome_of, Kind.STATUS),
        Column("evaluator", "Evaluator", lambda row: row.SkillAttempt.evaluator_name, sort="evaluator"),
        Column("note", "Note", lambda row: row.SkillAttempt.note, on_page=False),
        Column("void_reason", "Voided because", lambda row: row.void_reason, on_page=False),
        Column("recorded", "Recorded", lambda row: row.SkillAttempt.recorded_at, Kind.MOMENT, on_page=False),
    ),
    search="Search by student, skill or evaluator",
    filters=(
        Filter("program_id", "Program"),
        Filter("class_id", "Class"),
        Filter("outcome", "Result", [("passed", "Passed"), ("failed", "Failed"), ("voided", "Voided")]),
    ),
    counted="Attempts",
)
_WIDEST = 14
"""Columns that a PDF has room for."""


def matrix(board: Board) -> Report[Member]:
    """A class as a list whose columns are its skills."""

    def cell(student: Member, place: int) -> str:
        found = board.standing(student.enrollment_id, board.skills[place])
        passes = f" {found.passes}/{found.required}" if found.required > 1 else ""
        return f"{found.state.value.capitalize()}{passes}"

    return Report[Member](
        name="skills-of-a-class",
        title=f"Skills of {board.record.code}",
        columns=(
            Column("student", "Student", lambda one: one.full_name),
            Column("passed", "Passed", lambda one: board.passed_by(one.enrollment_id), Kind.NUMBER),
            Column("required", "Required", lambda _one: len(board.skills), Kind.NUMBER),
            *(
                Column[Member](
                    f"skill_{line.id}",
                    line.version.name,
                    lambda one, place=place: cell(one, place),  # type: ignore[misc]
                )
                for place, line in enumerate(board.skills)
            ),
        ),
    )


def fits_on_paper(board: Board) -> bool:
    """Whether the matrix can be a PDF."""
    return len(board.skills) <= _WIDEST
