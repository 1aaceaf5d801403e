"""A school with one student at work, and what the record store answers about her."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Enrollment, Lesson, Program, User
from tests.factories.school import School, subject_of


@dataclass
class Scene:
    """Ana Ruiz, enrolled in one program with one lesson, and an administrator."""

    school: School
    program: Program
    lesson: Lesson
    student: User
    admin: User
    enrollment: Enrollment

    @property
    def subject(self) -> Subject:
        return subject_of(self.student)

    @property
    def staff(self) -> Subject:
        return subject_of(self.admin)


def make_scene(session: Session) -> Scene:
    school = School(session)
    program = school.program(name="Dental Assistant Professional")
    module = school.module(program, name="Radiography")
    lesson = school.lesson(module, title="Bitewings & more")
    student = school.student(full_name="Ana Ruiz")
    admin = school.admin(full_name="Grace Office")
    return Scene(school, program, lesson, student, admin, school.enrollment(student, program))


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


def payloads(session: Session) -> list[dict[str, Any]]:
    """Every stored statement, oldest first."""
    return [row[0] for row in session.execute(text("SELECT payload FROM xapi_statements ORDER BY id"))]
