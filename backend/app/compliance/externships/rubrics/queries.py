"""Every SQL statement about externship rubrics."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import ExternshipRubric, Program

register_conflict(
    "uq_externship_rubrics_program_id",
    "There is a rubric of this program from that day on. Choose another day.",
    "effective_from",
)


def add(session: Session, row: ExternshipRubric) -> None:
    """Write a new rubric; its number is known afterwards."""
    session.add(row)
    session.flush()


def rubrics(session: Session) -> Sequence[Row[Any]]:
    """Every rubric with its program's name, by program, the newest first."""
    return session.execute(
        select(ExternshipRubric, Program.name.label("program"))
        .join(Program, Program.id == ExternshipRubric.program_id)
        .order_by(func.lower(Program.name), Program.id, ExternshipRubric.effective_from.desc())
    ).all()


def rubric_on(session: Session, program_id: int, day: date) -> ExternshipRubric | None:
    """The rubric of a program in force on a day."""
    return session.scalars(
        select(ExternshipRubric)
        .where(ExternshipRubric.program_id == program_id, ExternshipRubric.effective_from <= day)
        .order_by(ExternshipRubric.effective_from.desc())
        .limit(1)
    ).one_or_none()


def programs(session: Session) -> Sequence[Row[Any]]:
    """id and name of programs, by name."""
    return session.execute(
        select(Program.id, Program.name).order_by(func.lower(Program.name), Program.id)
    ).all()
