"""Sessions and tokens: whose they are, how long they work, who ends them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.accounts.access.browser_names import browser_name
from app.core import clock
from app.core.permissions import Role
from app.db.models import ApiToken, User, UserSession
from app.settings import Settings
from tests.accounts.conftest import Make, actions
from tests.factories.accounts import PASSWORD, ApiTokenFactory, UserSessionFactory

SignedIn = Callable[[User], TestClient]


def me(client: TestClient, token: str | None = None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get("/api/v1/me", headers=headers).status_code


def test_a_session_ends_when_it_is_idle_and_in_any_case(
    client: TestClient, session: Session, settings: Settings, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    row = session.query(UserSession).one()
    start = clock.now()
    row.expires_at = start + timedelta(days=settings.session_max_days)
    session.commit()
    idle = timedelta(hours=settings.session_idle_hours)
    with time_machine.travel(start + idle + timedelta(minutes=1)):
        assert me(browser) == 401
    # In use all the time, it ends all the same.
    moment = start
    while moment < row.expires_at - idle:
        moment += idle - timedelta(minutes=1)
        with time_machine.travel(moment):
            assert me(browser) == 200
    with time_machine.travel(row.expires_at + timedelta(seconds=1)):
        assert me(browser) == 401


def test_use_is_noted_once_a_minute(session: Session, student: User, signed_in: SignedIn) -> None:
    browser = signed_in(student)
    row = session.query(UserSession).one()
    seen = row.last_seen_at
    assert me(browser) == 200
    session.refresh(row)
    assert row.last_seen_at == seen
    with time_machine.travel(clock.now() + timedelta(seconds=90), tick=False):
        assert me(browser) == 200
        session.refresh(row)
        assert row.last_seen_at == clock.now()


def test_a_deleted_person_is_nobody(session: Session, student: User, signed_in: SignedIn) -> None:
    browser = signed_in(student)
    token = ApiTokenFactory(session=session, user_id=student.id, secret="aada_one")
    student.deleted_at = clock.now()
    session.commit()
    assert me(browser) == 401
    assert token.revoked_at is None
    assert me(browser, "aada_one") == 401


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 3000, "ümlaut"])
def test_a_foreign_cookie_is_nobodys(client: TestClient, value: str) -> None:
    answer = client.get("/api/v1/me", headers={"Cookie": b"aada_session=" + value.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_bearer_token_wins_over_the_cookie_also_when_it_is_no_good(
    session: Session, student: User, instructor: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    ApiTokenFactory(session=session, user_id=instructor.id, secret="aada_two")
    session.commit()
    answer = browser.get("/api/v1/me", headers={"Authorization": "bearer aada_two"})
    assert answer.json()["id"] == instructor.id
    for bad in ("aada_three", "", "  ", "\xfc"):
        headers = {"Authorization": b"Bearer " + bad.encode("latin-1")}
        assert browser.get("/api/v1/me", headers=headers).status_code == 401
    assert browser.get("/api/v1/me", headers={"Authorization": "Basic eDp5"}).json()["id"] == student.id


def test_a_token_ends_by_time_and_by_revocation(client: TestClient, session: Session, student: User) -> None:
    now = clock.now()
    ApiTokenFactory(
        session=session, user_id=student.id, secret="aada_old", expires_at=now - timedelta(days=1)
    )
    ApiTokenFactory(session=session, user_id=student.id, secret="aada_off", revoked_at=now)
    ApiTokenFactory(session=session, user_id=student.id, secret="aada_on")
    session.commit()
    assert [me(client, token) for token in ("aada_old", "aada_off", "aada_on")] == [401, 401, 200]


def test_a_token_is_made_shown_once_used_listed_and_revoked(
    client: TestClient, session: Session, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    made = browser.post("/api/v1/tokens", json={"name": "  nightly   export ", "lifetime_days": 30})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("aada_")
    assert secret not in browser.get("/account/tokens").text
    row = session.get_one(ApiToken, made.json()["id"])
    assert secret not in (row.token_hash, row.hint)
    assert row.name == "nightly export"
    assert me(client, secret) == 200
    (listed,) = client.get("/api/v1/tokens", headers={"Authorization": f"Bearer {secret}"}).json()
    assert "secret" not in listed
    assert listed["last_used_at"] is not None
    assert browser.delete(f"/api/v1/tokens/{row.id}").status_code == 204
    assert me(client, secret) == 401
    assert browser.delete(f"/api/v1/tokens/{row.id}").status_code == 404
    assert [action for action in actions(session) if action.startswith("api")] == [
        "api_token.created",
        "api_token.revoked",
    ]


def test_a_token_makes_no_token(client: TestClient, session: Session, student: User) -> None:
    ApiTokenFactory(session=session, user_id=student.id, secret="aada_four")
    session.commit()
    answer = client.post(
        "/api/v1/tokens", json={"name": "another"}, headers={"Authorization": "Bearer aada_four"}
    )
    assert answer.status_code == 403


def test_signing_in_for_a_token_makes_no_session(client: TestClient, session: Session, student: User) -> None:
    body = {"email": student.email, "password": PASSWORD, "token": {"name": "a program"}}
    made = client.post("/api/v1/session", json=body)
    assert made.status_code == 201
    assert "set-cookie" not in made.headers
    assert session.query(UserSession).count() == 0
    assert me(client, made.json()["token"]["secret"]) == 200


def test_signing_in_by_json_opens_a_session_that_signs_out(client: TestClient, student: User) -> None:
    made = client.post("/api/v1/session", json={"email": student.email, "password": PASSWORD})
    assert made.json()["user"]["id"] == student.id
    assert made.json()["token"] is None
    assert me(client) == 200
    assert client.delete("/api/v1/session").status_code == 204
    assert me(client) == 401


def test_the_token_page_shows_the_token_once(student: User, signed_in: SignedIn) -> None:
    browser = signed_in(student)
    page = browser.post("/account/tokens", data={"name": "export", "lifetime_days": "30", "access": "read"})
    assert page.status_code == 200
    assert "aada_" in page.text
    assert "it is shown only once" in page.text
    again = browser.get("/account/tokens")
    assert "export" in again.text
    assert "it is shown only once" not in again.text
    assert browser.post("/account/tokens", data={"name": "", "lifetime_days": "0"}).status_code == 422


def test_other_peoples_sessions_and_tokens_do_not_exist(
    session: Session, student: User, make_user: Make, signed_in: SignedIn
) -> None:
    other = make_user()
    foreign_session = UserSessionFactory(session=session, user_id=other.id)
    foreign_token = ApiTokenFactory(session=session, user_id=other.id)
    session.commit()
    browser = signed_in(student)
    for answer in (
        browser.post(f"/account/sessions/{foreign_session.id}/revoke"),
        browser.delete(f"/api/v1/me/sessions/{foreign_session.id}"),
        browser.post(f"/account/tokens/{foreign_token.id}/revoke"),
        browser.delete(f"/api/v1/tokens/{foreign_token.id}"),
        browser.delete("/api/v1/tokens/99999999999999"),
        browser.post("/account/sessions/nonsense/revoke"),
    ):
        assert answer.status_code == 404
    session.expire_all()
    assert foreign_session.revoked_at is None
    assert foreign_token.revoked_at is None
    listed = browser.get("/api/v1/me/sessions").json()
    assert [row["current"] for row in listed] == [True]


def test_ending_ones_own_sessions(session: Session, student: User, signed_in: SignedIn) -> None:
    first, second, third = signed_in(student), signed_in(student), signed_in(student)
    ids = [row["id"] for row in first.get("/api/v1/me/sessions").json()]
    current = next(row["id"] for row in second.get("/api/v1/me/sessions").json() if row["current"])
    assert len(ids) == 3
    assert first.post(f"/account/sessions/{current}/revoke").status_code == 303
    assert [me(browser) for browser in (first, second, third)] == [200, 401, 200]
    assert first.post("/account/sessions/others/revoke").status_code == 303
    assert [me(browser) for browser in (first, second, third)] == [200, 401, 401]
    assert {"session.revoked", "session.others_revoked"} <= set(actions(session))


@pytest.mark.parametrize(
    "path",
    [
        "/account/password",
        "/account/sessions/others/revoke",
        "/account/tokens",
        "/people/new",
        "/sign-out",
        "/people/1/delete",
    ],
)
def test_another_sites_form_changes_nothing(make_user: Make, signed_in: SignedIn, path: str) -> None:
    browser = signed_in(make_user(role=Role.ADMIN))
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        assert browser.post(path, headers=headers).status_code == 403
    assert me(browser) == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown"),
        (None, "Unknown"),
    ],
)
def test_browsers_are_named_as_their_users_know_them(agent: str | None, name: str) -> None:
    assert browser_name(agent) == name
