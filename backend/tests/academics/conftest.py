"""A school to try things in, and the people who try."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import User
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
