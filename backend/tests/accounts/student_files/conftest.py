"""A school with students who have files, and those who look after them."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from time import sleep
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.access.service import subject_for
from app.core.permissions import Duty, Subject
from app.db.models import AuditEntry, User
from app.db.session import Database
from app.settings import Settings
from tests.factories.school import School

TODAY = date(2026, 5, 6)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SignedIn = Callable[[User], TestClient]


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def maria(school: School) -> User:
    return school.student(full_name="Maria Reyes", email="maria@example.org")


@pytest.fixture
def duty(session: Session, settings: Settings, school: School) -> Callable[[Duty], Subject]:
    """`duty(Duty.BURSAR)`: somebody with this duty, as a service is asked by them."""

    def make(wanted: Duty) -> Subject:
        return subject_for(session, settings, school.with_duty(wanted))

    return make


@pytest.fixture
def registrar(duty: Callable[[Duty], Subject]) -> Subject:
    return duty(Duty.REGISTRAR)


@pytest.fixture
def me(session: Session, settings: Settings, maria: User) -> Subject:
    """Maria, as a service is asked by a request of theirs."""
    return subject_for(session, settings, maria)


def picture(kind: str = "PNG", size: tuple[int, int] = (800, 600), **more: Any) -> bytes:
    """A picture of one color."""
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


def entries(session: Session, action: str) -> list[AuditEntry]:
    found = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return list(session.scalars(found))


def wait_for_a_lock(database: Database) -> None:
    """Return once somebody waits for a row that another transaction holds."""
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(500):
        with database.begin() as session:
            if session.scalar(waits):
                return
        sleep(0.02)
    raise AssertionError("Nobody waited.")
