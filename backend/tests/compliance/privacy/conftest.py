"""A student, two registrars, an instructor who teaches the student, and a file store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import User
from app.documents import service as documents
from app.settings import Settings
from tests.factories.school import School, subject_of

NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)
TODAY = date(2026, 5, 4)
SignedIn = Callable[[User], TestClient]


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return open_store(settings)


@pytest.fixture
def keys(session: Session, settings: Settings) -> None:
    documents.ensure_keys(session, settings)
    session.commit()


@pytest.fixture
def maria(school: School) -> User:
    return school.student(full_name="Maria Lopez", email="maria@example.org")


@pytest.fixture
def me(maria: User) -> Subject:
    return replace(subject_of(maria), session_id=1, proved_at=NOW)


@pytest.fixture
def registrar(school: School) -> Subject:
    return as_registrar(school, "Rita Registrar")


@pytest.fixture
def colleague(school: School) -> Subject:
    return as_registrar(school, "Carl Colleague")


def as_registrar(school: School, name: str) -> Subject:
    user = school.with_duty(Duty.REGISTRAR, full_name=name)
    return replace(subject_of(user), duties=frozenset({Duty.REGISTRAR}))
