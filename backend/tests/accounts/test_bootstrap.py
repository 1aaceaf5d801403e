"""The first administrator."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.bootstrap import DEFAULT_EMAIL, ensure_first_admin
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.permissions import Role
from app.db.models import AccountLink, User
from app.db.session import Database
from app.settings import Settings
from tests.accounts.conftest import Make, mail_to, post_sign_in

PASSWORD = "mulberry lantern gravel"


def test_an_empty_school_gets_an_administrator_and_a_link(
    client: TestClient, session: Session, settings: Settings
) -> None:
    link = ensure_first_admin(session, settings)
    session.commit()
    assert link is not None
    assert mail_to(session, DEFAULT_EMAIL) == []
    path = link.removeprefix(settings.app_origin)
    assert client.post(path, data={"password": PASSWORD}).status_code == 303
    assert client.get("/people").status_code == 200
    assert ensure_first_admin(session, settings) is None


def test_a_lost_link_is_replaced_at_the_next_start(
    client: TestClient, session: Session, settings: Settings
) -> None:
    first, second = ensure_first_admin(session, settings), ensure_first_admin(session, settings)
    session.commit()
    assert first is not None
    assert second is not None
    assert client.get(first.removeprefix(settings.app_origin)).status_code == 410
    assert client.get(second.removeprefix(settings.app_origin)).status_code == 200
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_with_a_password_nothing_is_left_to_do(
    client: TestClient, session: Session, settings: Settings
) -> None:
    with pytest.raises(Invalid):
        ensure_first_admin(session, settings, "Boss@example.org", "too short")
    session.rollback()
    assert ensure_first_admin(session, settings, "Boss@example.org", PASSWORD) is None
    session.commit()
    assert post_sign_in(client, "boss@example.org", PASSWORD).status_code == 303
    open_links = select(func.count()).select_from(AccountLink).where(AccountLink.used_at.is_(None))
    assert session.scalar(open_links) == 0


def test_somebody_elses_address_is_refused(session: Session, settings: Settings, student: User) -> None:
    with pytest.raises(Conflict):
        ensure_first_admin(session, settings, student.email)


def test_a_school_with_an_administrator_is_left_alone(
    session: Session, settings: Settings, admin: User, make_user: Make
) -> None:
    assert ensure_first_admin(session, settings, "new@example.org", PASSWORD) is None
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_a_deleted_administrator_does_not_count(
    session: Session, settings: Settings, make_user: Make
) -> None:
    make_user(role=Role.ADMIN, deleted_at=clock.now())
    assert ensure_first_admin(session, settings) is not None


def test_two_starts_at_once_make_one(live_database: Database, live_settings: Settings) -> None:
    def start(_number: int) -> str | None:
        with live_database.begin() as session:
            return ensure_first_admin(session, live_settings)

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(start, range(2)))
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
