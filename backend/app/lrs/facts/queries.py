"""What a statement calls the people and things it speaks of: one query each."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Enrollment, Lesson, Module, Program, User


@dataclass(frozen=True, slots=True)
class Learner:
    """A student in a program, by number and name."""

    user_id: int
    full_name: str
    enrollment_id: int
    program_id: int
    program_name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A lesson and where it stands."""

    lesson_id: int
    title: str
    module_id: int
    module_name: str
    program_id: int
    program_name: str


def learner(session: Session, enrollment_id: int) -> Learner:
    """The student of an enrollment that is there."""
    row = session.execute(
        select(User.id, User.full_name, Enrollment.id, Program.id, Program.name)
        .join(Enrollment, Enrollment.user_id == User.id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id == enrollment_id)
    ).one()
    return Learner(*row)


def place(session: Session, lesson_id: int) -> Place:
    """Where a lesson stands that is there."""
    row = session.execute(
        select(Lesson.id, Lesson.title, Module.id, Module.name, Program.id, Program.name)
        .join(Module, Module.id == Lesson.module_id)
        .join(Program, Program.id == Module.program_id)
        .where(Lesson.id == lesson_id)
    ).one()
    return Place(*row)
