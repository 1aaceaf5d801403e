"""Who needs a second factor, from when, and which one stays."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.access.service import subject_for
from app.accounts.factors import policy
from app.accounts.factors import service as factors
from app.core import clock
from app.core.errors import Problem
from app.core.permissions import SYSTEM, Role
from app.db.models import ApiToken, Authenticator, Passkey, User, UserSession
from app.db.session import Database
from app.school.service import PolicyKind, policies
from app.settings import Settings
from tests.accounts.conftest import Make, post_sign_in
from tests.accounts.factors.steps import Open, add_app, add_passkey, at_once
from tests.accounts.soft_key import SoftKey
from tests.factories.accounts import PASSWORD, UserFactory

# The policy


def require(session: Session, *, in_days: int = 1, **values: object) -> None:
    today = clock.today(policies_zone(session))
    policies.add(
        session, SYSTEM, PolicyKind.SECOND_FACTOR, effective_from=today + timedelta(days=in_days), values=values,
        approved_by="Board", today=today,
    )  # fmt: skip


def policies_zone(session: Session) -> Any:
    settings: Settings = session.info["settings"]
    return settings.zone


def test_after_the_grace_days_signing_in_leads_to_a_factor(
    client: TestClient, session: Session, instructor: User
) -> None:
    assert post_sign_in(client, instructor.email).headers["location"] == "/"
    assert "Set up a second factor by" in client.get("/account").text
    client.post("/sign-out")
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert post_sign_in(client, instructor.email).headers["location"] == "/"
        for path in ("/", "/people", "/account", "/documents/verify"):
            assert client.get(path).headers["location"] == "/account/factors", path
        closed = client.get("/api/v1/me")
        assert closed.status_code == 403
        assert closed.json()["type"] == "/problems/factor-required"
        assert client.post("/api/v1/tokens", json={"name": "a way around"}).status_code == 403
        assert "Set up a second factor to continue" in client.get("/account/factors").text
        add_passkey(client, SoftKey())
        assert client.get("/people").status_code == 200
        assert "Set up a second factor" not in client.get("/account").text


def test_a_program_does_not_get_around_the_factor_that_is_due(
    client: TestClient, session: Session, instructor: User
) -> None:
    asked = {"email": instructor.email, "password": PASSWORD, "token": {"name": "export"}}
    assert client.post("/api/v1/session", json=asked).status_code == 201
    with time_machine.travel(clock.now() + timedelta(days=15)):
        refused = client.post("/api/v1/session", json=asked)
        assert refused.status_code == 403
        assert refused.json()["type"] == "/problems/factor-required"
        assert "No token was created" in refused.json()["detail"]
        assert len(session.scalars(select(ApiToken)).all()) == 1
        del asked["token"]
        assert client.post("/api/v1/session", json=asked).status_code == 201
        assert client.get("/api/v1/me").status_code == 403, "the session is for setting one up alone"


def test_a_new_version_that_asks_gives_nobody_new_time(
    client: TestClient, session: Session, instructor: User
) -> None:
    def due(days: int) -> int | None:
        """In how many days from now a factor is due, as it is seen in `days` days."""
        with time_machine.travel(clock.now() + timedelta(days=days)):
            found = policy.due_on(session, instructor)
        return None if found is None else (found - clock.today(policies_zone(session))).days

    since = due(0)
    assert since is not None
    require(session, in_days=5, grace_days=14)
    assert [due(6), due(10)] == [since, since]
    require(session, in_days=7, grace_days=20)
    assert due(8) == since + 6, "counted from the same day"
    require(session, in_days=9, required_of="nobody")
    assert due(9) is None
    require(session, in_days=12, required_of="staff")
    assert due(13) == 12 + 20, "asked again, after nobody was"


def test_a_session_that_was_opened_in_time_closes_on_the_day(
    client: TestClient, session: Session, instructor: User
) -> None:
    with time_machine.travel(clock.now() + timedelta(days=13)):
        post_sign_in(client, instructor.email)
        assert client.get("/people").status_code == 200
    session.scalars(select(UserSession)).one().last_seen_at = clock.now() + timedelta(days=15)
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert client.get("/people").headers["location"] == "/account/factors"


def test_students_need_none(client: TestClient, student: User) -> None:
    with time_machine.travel(clock.now() + timedelta(days=100)):
        post_sign_in(client, student.email)
        assert client.get("/account").status_code == 200


def test_a_policy_that_asks_nobody(client: TestClient, session: Session, instructor: User) -> None:
    require(session, required_of="nobody")
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=100)):
        post_sign_in(client, instructor.email)
        assert client.get("/people").status_code == 200


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INSTRUCTOR])
def test_the_last_factor_of_who_needs_one_stays(
    signed_in: Open, session: Session, make_user: Make, role: Role
) -> None:
    browser = signed_in(make_user(role=role))
    add_passkey(browser, SoftKey())
    add_app(browser)
    passkey, app = session.scalars(select(Passkey)).one(), session.scalars(select(Authenticator)).one()
    assert browser.post(f"/account/factors/authenticators/{app.id}/remove").status_code == 303
    answer = browser.post(f"/account/factors/passkeys/{passkey.id}/remove")
    assert answer.status_code == 409
    assert "your last second factor" in answer.text
    require(session, required_of="nobody")
    session.commit()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        session.scalars(select(UserSession)).one().last_seen_at = clock.now()
        session.scalars(select(UserSession)).one().expires_at = clock.now() + timedelta(days=1)
        session.scalars(select(UserSession)).one().proved_at = clock.now()
        session.commit()
        assert browser.post(f"/account/factors/passkeys/{passkey.id}/remove").status_code == 303


def test_of_two_factors_removed_at_once_one_stays(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session, role=Role.ADMIN)
        for number in range(2):
            session.add(
                Passkey(
                    user_id=user.id, name="x", credential_id=bytes([number]), public_key=b"x", sign_count=0,
                    transports=[],
                )
            )  # fmt: skip
        session.flush()
        numbers = iter(session.scalars(select(Passkey.id)).all())

    def remove(session: Session) -> bool:
        subject = subject_for(session, live_settings, session.get_one(User, user.id))
        try:
            with session.begin_nested():
                factors.remove_passkey(session, subject, next(numbers))
        except Problem:
            return False
        return True

    assert sorted(at_once(live_database, 2, remove)) == [False, True]


def test_the_first_version_of_the_policy_is_what_was_before(session: Session) -> None:
    first = policies.at(session, PolicyKind.SECOND_FACTOR, date(2026, 1, 1))
    assert (first.version, first.values.required_of) == (1, "nobody")
    now = policies.at(session, PolicyKind.SECOND_FACTOR, clock.today(policies_zone(session)))
    assert (now.values.required_of, now.values.grace_days) == ("staff", 14)
