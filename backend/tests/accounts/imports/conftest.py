"""What the tests of this folder share."""

import io
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.files import open_store
from app.core.permissions import Role, Subject
from app.db.models import AuditEntry, DataImport, User
from app.settings import Settings
from app.web.imports import service
from tests.factories.school import School, subject_of

FILE = b"Name,E-mail,Role\nAna O'Hara,ANA@Example.org,student\nBo Li,bo@example.org,\n"


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def admin(school: School) -> Subject:
    return subject_of(school.admin(full_name="Ada Admin"))


def send(session: Session, subject: Any, content: bytes, kind: str = "people") -> DataImport:
    settings: Settings = session.info["settings"]
    return service.send(
        session, subject, settings, open_store(settings), kind, io.BytesIO(content), "people.csv"
    )


def run(session: Session, subject: Any, record: DataImport, *, good_only: bool = False) -> DataImport:
    settings: Settings = session.info["settings"]
    service.start(session, subject, open_store(session.info["settings"]), record.id, good_only=good_only)
    return service.run(session, subject, settings, open_store(settings), record.id)


def emails(session: Session) -> list[str]:
    return list(session.scalars(select(User.email).where(User.role == Role.STUDENT).order_by(User.email)))


def actions(session: Session, *names: str) -> list[str]:
    found = select(AuditEntry.action).where(AuditEntry.action.in_(names)).order_by(AuditEntry.id)
    return list(session.scalars(found))
