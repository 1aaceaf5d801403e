"""A school to try things in, and the people who try."""

import pytest
from sqlalchemy.orm import Session

from app.core.permissions import Subject
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
