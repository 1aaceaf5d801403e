"""A student, two registrars, an administrator, and a file store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.compliance.complaints.schemas import ComplaintIn
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import User
from app.db.session import Database
from app.documents import service as documents
from app.settings import Settings
from tests.conftest import OneConnection
from tests.factories.school import School, subject_of

NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)
TODAY = date(2026, 5, 4)
SignedIn = Callable[[User], TestClient]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def database(connection: Connection, settings: Settings) -> Database:
    return OneConnection(connection, settings)


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
    return replace(subject_of(user), duties=frozenset({Duty.REGISTRAR}), session_id=1, proved_at=NOW)


def complaint(**given: object) -> ComplaintIn:
    """A complaint as a student writes it."""
    values = {
        "request": uuid4(),
        "kind": "safety",
        "what": "The lab was locked three times.",
        "wanted": "Open it.",
    }
    return ComplaintIn.model_validate(values | given)
