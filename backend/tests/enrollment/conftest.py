"""A school to try things in, and the people who try."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Enrollment, Program, User
from app.enrollment import service
from tests.factories.school import School, subject_of


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def admin(school: School) -> Subject:
    return subject_of(school.admin(full_name="Ada Admin"))


@pytest.fixture
def instructor(school: School) -> Subject:
    return subject_of(school.instructor(full_name="Ines Instructor"))


@pytest.fixture
def browser(signed_in: Callable[[User], TestClient], session: Session) -> Callable[[Subject], TestClient]:
    """`browser(subject)` is a client signed in as that person."""
    return lambda subject: signed_in(session.get_one(User, subject.user_id))


NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)


def course(school: School, lessons: int) -> tuple[Program, list[int]]:
    """A program with this many lessons in two modules."""
    program = school.program()
    modules = [school.module(program), school.module(program)]
    return program, [school.lesson(modules[number % 2]).id for number in range(lessons)]


def done(session: Session, enrollment: Enrollment, lesson_id: int, **more: Any) -> service.CompletionOutcome:
    values: dict[str, Any] = {"source": "content", "score_pct": None, "at": NOW} | more
    return service.record_lesson_completion(
        session, enrollment_id=enrollment.id, lesson_id=lesson_id, **values
    )
