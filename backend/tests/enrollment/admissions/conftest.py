"""A school that asks for documents, and those who check them."""

from collections.abc import Callable
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.access.service import subject_for
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import AdmissionKind, User
from app.settings import Settings
from tests.factories.school import School

TODAY = date(2026, 5, 6)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SignedIn = Callable[[User], TestClient]


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return open_store(settings)


@pytest.fixture
def duty(session: Session, settings: Settings, school: School) -> Callable[[Duty], Subject]:
    """`duty(Duty.BURSAR)`: somebody with this duty, as a service is asked by them."""

    def make(wanted: Duty) -> Subject:
        return subject_for(session, settings, school.with_duty(wanted))

    return make


@pytest.fixture
def office(duty: Callable[[Duty], Subject]) -> Subject:
    """Somebody with the duty admissions."""
    return duty(Duty.ADMISSIONS)


@pytest.fixture
def kinds(session: Session) -> dict[str, int]:
    """The kinds that a new school has, by the first word of their names."""
    return {one.name.split()[0]: one.id for one in session.scalars(select(AdmissionKind))}
