"""Signing in: who is let in, what a refusal shows, how guessing is slowed."""

from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.access import attempts, service
from app.accounts.access.pages import local_path
from app.accounts.factors.entry import service as entry
from app.core import clock
from app.core.errors import Unauthorized
from app.core.permissions import Role
from app.db.models import AuditEntry, User, UserSession
from app.main import create_app
from app.settings import Settings
from tests.accounts.conftest import Make, actions, post_sign_in
from tests.factories.accounts import HASHED, PASSWORD

WRONG_ONES = ("unknown", "deleted", "invited", "wrong")


@pytest.fixture
def wrong_pairs(make_user: Make, student: User) -> dict[str, tuple[str, str]]:
    """Pairs of address and password that open nothing, for different reasons."""
    deleted = make_user(deleted_at=clock.now())
    invited = make_user(hashed_password=passwords.NO_PASSWORD)
    return {
        "unknown": ("nobody@example.org", PASSWORD),
        "deleted": (deleted.email, PASSWORD),
        "invited": (invited.email, "!"),
        "wrong": (student.email, PASSWORD + "!"),
    }


def test_the_right_password_opens_a_session(client: TestClient, session: Session, student: User) -> None:
    response = post_sign_in(client, "  Maria@Example.ORG ")
    assert response.status_code == 303
    assert response.headers["location"] == "/"
    assert client.get("/account").status_code == 200
    session.expire_all()
    assert student.last_sign_in_at is not None
    assert actions(session) == ["session.opened"]
    assert session.scalars(select(AuditEntry.ip)).all() == ["testclient"]


def test_the_cookie_is_out_of_reach_and_the_database_does_not_know_it(
    client: TestClient, session: Session, student: User
) -> None:
    header = post_sign_in(client, student.email).headers["set-cookie"]
    name, _, rest = header.partition("=")
    secret, _, flags = rest.partition("; ")
    assert name == "aada_session"
    assert {"httponly", "samesite=lax", "path=/"} <= {flag.lower() for flag in flags.split("; ")}
    assert "domain" not in flags.lower()
    row = session.scalars(select(UserSession)).one()
    assert secret not in (row.token_hash, row.user_agent)
    assert len(secret) >= 43


def test_over_https_the_cookie_has_the_host_prefix_and_is_secure(
    settings: Settings, app: Any, student: User
) -> None:
    secure = settings.model_copy(update={"app_origin": "https://lms.example.edu"})
    app = create_app(secure, app.state.database)
    with TestClient(app, base_url=secure.app_origin, follow_redirects=False) as client:
        header = post_sign_in(client, student.email).headers["set-cookie"]
        assert header.startswith("__Host-aada_session=")
        assert "secure" in header.lower()
        assert "path=/;" in header.lower() + ";"
        assert client.get("/account").status_code == 200


@pytest.mark.parametrize("why", WRONG_ONES)
def test_every_mismatch_has_the_same_answer(
    client: TestClient, wrong_pairs: dict[str, tuple[str, str]], why: str
) -> None:
    email, password = wrong_pairs[why]
    page = post_sign_in(client, email, password)
    assert page.status_code == 422
    assert service.WRONG in page.text
    assert "set-cookie" not in page.headers
    expected = post_sign_in(client, "somebody@else.example", "wrong").text.replace(
        "somebody@else.example", email
    )
    assert _without_ids(page.text) == _without_ids(expected)
    problem = client.post("/api/v1/session", json={"email": email, "password": password})
    assert problem.status_code == 401
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] == service.WRONG


def _without_ids(text: str) -> str:
    return "".join(line for line in text.splitlines() if "request" not in line)


@pytest.fixture
def bcrypt_work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The cost of every bcrypt run, in the order they happen."""
    done: list[int] = []
    check, make = bcrypt.checkpw, bcrypt.hashpw

    def counted_check(password: bytes, hashed: bytes) -> bool:
        done.append(int(hashed.split(b"$")[2]))
        return check(password, hashed)

    def counted_make(password: bytes, salt: bytes) -> bytes:
        done.append(int(salt.split(b"$")[2]))
        return make(password, salt)

    monkeypatch.setattr(bcrypt, "checkpw", counted_check)
    monkeypatch.setattr(bcrypt, "hashpw", counted_make)
    return done


@pytest.mark.parametrize("why", WRONG_ONES)
def test_every_mismatch_takes_the_same_bcrypt_work(
    client: TestClient, wrong_pairs: dict[str, tuple[str, str]], bcrypt_work: list[int], why: str
) -> None:
    post_sign_in(client, *wrong_pairs[why])
    assert bcrypt_work == [4]


@pytest.mark.parametrize("password", ["x" * 73, "ü" * 40, "x" * 999])
def test_a_password_bcrypt_does_not_take_is_a_wrong_one_of_the_same_work(
    client: TestClient, student: User, bcrypt_work: list[int], password: str
) -> None:
    assert service.WRONG in post_sign_in(client, student.email, password).text
    assert bcrypt_work == [4]


def test_a_hash_of_a_lower_cost_takes_the_work_of_the_present_cost(
    settings: Settings, bcrypt_work: list[int]
) -> None:
    dearer = settings.model_copy(update={"bcrypt_rounds": 7})
    assert not passwords.verify(dearer, "wrong", HASHED)
    low = sum(2**cost for cost in bcrypt_work)
    bcrypt_work.clear()
    assert not passwords.verify(dearer, "wrong", None)
    assert low == sum(2**cost for cost in bcrypt_work) == 2**7


def test_the_whole_password_counts(settings: Settings) -> None:
    long = "a" * 71 + "b"
    hashed = passwords.hash_password(settings, long)
    assert passwords.verify(settings, long, hashed)
    assert not passwords.verify(settings, "a" * 72, hashed)
    assert not passwords.verify(settings, long + "c", hashed)


def test_the_hash_is_renewed_when_the_cost_rises(
    settings: Settings, session: Session, app: Any, student: User
) -> None:
    dearer = settings.model_copy(update={"bcrypt_rounds": 5})
    entered = entry.sign_in(app.state.database, dearer, student.email, PASSWORD, attempts.Visitor())
    session.expire_all()
    assert student.hashed_password.startswith("$2b$05$")
    assert passwords.verify(dearer, PASSWORD, student.hashed_password)
    # A cost that falls weakens nothing that is kept.
    entry.sign_in(app.state.database, settings, student.email, PASSWORD, attempts.Visitor())
    session.expire_all()
    assert student.hashed_password.startswith("$2b$05$")
    assert entered.subject.user_id == student.id


def test_signing_in_changes_the_secret_and_ends_the_old_session(
    client: TestClient, session: Session, student: User
) -> None:
    post_sign_in(client, student.email)
    first = client.cookies["aada_session"]
    post_sign_in(client, student.email)
    assert client.cookies["aada_session"] != first
    client.cookies.clear()
    client.cookies.set("aada_session", first)
    assert client.get("/account").status_code == 303
    live = session.scalars(select(UserSession).where(UserSession.revoked_at.is_(None))).all()
    assert len(live) == 1


def test_somebody_deleted_while_bcrypt_works_is_not_let_in(
    app: Any, settings: Settings, session: Session, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = passwords.verify

    def slow(*args: Any) -> bool:
        student.deleted_at = clock.now()
        session.commit()
        return real(*args)

    monkeypatch.setattr(passwords, "verify", slow)
    with pytest.raises(Unauthorized):
        entry.sign_in(app.state.database, settings, student.email, PASSWORD, attempts.Visitor())


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/account", "/account"),
        ("/people?q=a&page=2", "/people?q=a&page=2"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_way_back_leads_to_this_site_only(
    client: TestClient, student: User, asked: str, target: str
) -> None:
    assert local_path(asked) == target
    assert post_sign_in(client, student.email, next=asked).headers["location"] == target


def test_a_page_for_somebody_signed_in_leads_to_the_form_and_back(client: TestClient, student: User) -> None:
    sent = client.get("/account")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/sign-in?next=%2Faccount"
    assert 'value="/account"' in client.get(sent.headers["location"]).text


@pytest.mark.parametrize(
    "data",
    [
        {"next": "/"},
        {"email": "a@b.example"},
        {"password": "x"},
        {"email": "a" * 400, "password": "x"},
        {"email": "a\0", "password": "x"},
    ],
)
def test_an_unusable_form_is_shown_again(client: TestClient, data: dict[str, str]) -> None:
    page = client.post("/sign-in", data=data)
    assert page.status_code == 422
    assert "<form" in page.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"email":"\\ud800@x","password":"x"}',
        b'{"email":"a","password":"\\ud800"}',
        b"[]",
        b"nonsense",
        b'{"email":1,"password":[]}',
    ],
)
def test_unusable_json_is_a_problem_document(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/v1/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 401, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_sites_form_signs_nobody_in(client: TestClient, student: User) -> None:
    answer = client.post(
        "/sign-in",
        data={"email": student.email, "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_signing_out_ends_the_session_and_takes_the_cookie(
    client: TestClient, session: Session, student: User
) -> None:
    post_sign_in(client, student.email)
    secret = client.cookies["aada_session"]
    left = client.post("/sign-out")
    assert left.headers["location"] == "/sign-in"
    assert left.headers["clear-site-data"] == '"cache"'
    assert "aada_session" not in client.cookies
    client.cookies.set("aada_session", secret)
    assert client.get("/account").status_code == 303
    assert actions(session)[-1] == "session.closed"
    assert client.get("/sign-out").status_code == 405


def test_the_password_appears_in_no_page_and_no_log(
    client: TestClient, student: User, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(0):
        page = post_sign_in(client, student.email, "a very private thing")
        client.post("/api/v1/session", json={"email": student.email, "password": "a very private thing"})
        client.post("/api/v1/session", json={"email": "", "password": "a very private thing"})
    shown = capsys.readouterr()
    for text in (page.text, caplog.text, shown.out, shown.err):
        assert "a very private thing" not in text


def test_roles_of_subjects_follow_the_account(
    signed_in: Callable[[User], TestClient], session: Session, instructor: User
) -> None:
    browser = signed_in(instructor)
    assert browser.get("/people").status_code == 200
    instructor.role = Role.STUDENT
    session.commit()
    assert browser.get("/people").status_code == 403
