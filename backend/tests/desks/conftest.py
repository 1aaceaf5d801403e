from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.db.models import (
    Enrollment,
    Program,
    User,
)
from tests.factories.school import School


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


SignedIn = Callable[[User], TestClient]


MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def student(school: School) -> User:
    return school.student(full_name="Maria Lopez", email="maria@example.org")


@pytest.fixture
def admin(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.admin(full_name="Ada Admin"))


@pytest.fixture
def instructor(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.instructor(full_name="Ina Instructor"))


def a_program(school: School, modules: int = 2, lessons: int = 3) -> tuple[int, list[int]]:
    program = school.program(name="Dental Assistant Professional", clock_hours=480)
    made = []
    for number in range(modules):
        module = school.module(program, name=f"Module {number}", order_num=number)
        made += [school.lesson(module, title=f"Lesson {number}.{k}", order_num=k) for k in range(lessons)]
    return program.id, [lesson.id for lesson in made]


def enroll(school: School, student: User, program_id: int) -> Enrollment:
    return school.enrollment(student, school.session.get_one(Program, program_id))
