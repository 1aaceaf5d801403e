"""Browsers of those who may change the school, who may look, and who may not."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.db.models import User
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def people(session: Session) -> School:
    return School(session)


@pytest.fixture
def office(people: School, signed_in: SignedIn) -> TestClient:
    return signed_in(people.admin(full_name="Ada Office"))


@pytest.fixture
def instructor(people: School, signed_in: SignedIn) -> TestClient:
    return signed_in(people.instructor())


@pytest.fixture
def student(people: School, signed_in: SignedIn) -> TestClient:
    return signed_in(people.student())
