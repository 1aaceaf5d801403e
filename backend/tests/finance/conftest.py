"""A school whose students owe and pay, on a Monday noon in May 2026."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Duty, Role, Subject
from app.db.models import Enrollment, User
from tests.factories.school import School

NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(request: pytest.FixtureRequest) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def bursar_of(user: User) -> Subject:
    return Subject(user.id, user.email, user.full_name, Role.INSTRUCTOR, duties=frozenset({Duty.BURSAR}))


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def bursar(school: School) -> Subject:
    return bursar_of(school.with_duty(Duty.BURSAR, full_name="Bea Bursar"))


@pytest.fixture
def enrolled(school: School) -> Enrollment:
    return school.enrollment(school.student(full_name="Maria Lopez"), school.program(name="Dental Assistant"))


@pytest.fixture
def browser(signed_in: Callable[[User], TestClient], session: Session) -> Callable[[Subject], TestClient]:
    """`browser(subject)` is a client signed in as that person."""
    return lambda subject: signed_in(session.get_one(User, subject.user_id))
