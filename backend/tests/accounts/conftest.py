"""People of a small school, and a browser for each."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.access import links
from app.core.permissions import Role
from app.core.sealing import box
from app.db.models import AuditEntry, OutboxMessage, User
from app.settings import Settings
from tests.factories.accounts import PASSWORD, UserFactory

Make = Callable[..., User]


@pytest.fixture
def make_user(session: Session) -> Make:
    """`make_user(role=Role.ADMIN)`: a person with the factory's password."""

    def make(**fields: Any) -> User:
        user: User = UserFactory(session=session, **fields)
        session.commit()
        return user

    return make


@pytest.fixture
def student(make_user: Make) -> User:
    return make_user(full_name="Maria Lopez", email="maria@example.org")


@pytest.fixture
def instructor(make_user: Make) -> User:
    return make_user(role=Role.INSTRUCTOR)


@pytest.fixture
def admin(make_user: Make) -> User:
    return make_user(role=Role.ADMIN, full_name="Ada Office")


def post_sign_in(client: TestClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def actions(session: Session) -> list[str]:
    """What the audit trail has seen, in order."""
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def mail_to(session: Session, address: str) -> list[OutboxMessage]:
    statement = select(OutboxMessage).where(OutboxMessage.to_address == address).order_by(OutboxMessage.id)
    return list(session.scalars(statement))


def reset_link(session: Session, settings: Settings, user: User) -> str:
    """The path of a fresh link to set a new password."""
    address = links.reset(session, settings, user, None)
    session.commit()
    return address.removeprefix(settings.app_origin)


def mailed_link(settings: Settings, message: OutboxMessage) -> str:
    """The one-time link of a message that waits in the outbox, as its reader would get it."""
    assert message.sealed_link is not None
    return box(settings, "mail").open(message.sealed_link).decode()
