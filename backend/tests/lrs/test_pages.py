"""The staff's view of statements, the files, and the credentials' page."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.permissions import Role
from app.db.models import AuditEntry, User, XapiCredential
from app.lrs import service, vocabulary
from app.lrs.service import About
from tests.factories.accounts import UserFactory

SignedIn = Callable[[User], TestClient]
LESSON = About("/lessons/7", "Radiography 1", vocabulary.LESSON)


def person(session: Session, role: Role, name: str) -> User:
    user: User = UserFactory.build(role=role, full_name=name)
    session.add(user)
    session.flush()
    return user


@pytest.fixture
def told(session: Session, settings: object) -> User:
    """A student about whom 60 statements have been stored."""
    student = person(session, Role.STUDENT, "Ana Ruiz")
    for number in range(60):
        service.record_event(
            session,
            "http://school.example",
            user_id=student.id,
            full_name=student.full_name,
            verb=vocabulary.PASSED if number % 2 else vocabulary.INITIALIZED,
            about=LESSON if number < 59 else About("/lessons/8", '=cmd("x")', vocabulary.LESSON),
            result={"success": True, "score": {"scaled": 0.9}, "duration": "PT1H2M"} if number % 2 else None,
        )
    session.commit()
    return student


@pytest.fixture
def staff(session: Session, signed_in: SignedIn) -> TestClient:
    return signed_in(person(session, Role.INSTRUCTOR, "Dr. Kim"))


@pytest.fixture
def admin(session: Session, signed_in: SignedIn) -> TestClient:
    return signed_in(person(session, Role.ADMIN, "Pat Stone"))


def test_statements_in_plain_words(staff: TestClient, told: User) -> None:
    page = staff.get("/statements").text
    assert "Ana Ruiz" in page
    assert "passed Radiography 1" in page
    assert "90 %, passed, in 1 h 2 min" in page
    assert page.count('aria-label="The statement of') == 50
    older = re.search(r'href="(/statements\?before=\d+)"', page)
    assert older
    assert staff.get(older[1]).text.count('aria-label="The statement of') == 10


@pytest.mark.parametrize(
    ("query", "count"),
    [("q=ana", 50), ("q=nobody", 0), ("q=%25", 0), ("verb=" + quote(vocabulary.PASSED.iri, safe=""), 30),
     ("activity=http://school.example/lessons/8", 1), ("from=2020-01-01", 50), ("to=2020-01-01", 0),
     ("from=x&to=2020-13-45", 50), ("q=ana&activity=http://school.example/lessons/8", 1), ("live=true", 50)],
)  # fmt: skip
def test_filters(staff: TestClient, told: User, query: str, count: int) -> None:
    answer = staff.get(f"/statements?{query}")
    assert answer.status_code == 200
    assert answer.text.count('aria-label="The statement of') == count


def test_one_statement_and_one_that_is_not_there(staff: TestClient, told: User) -> None:
    found = re.search(r'href="(/statements/[0-9a-f-]{36})"', staff.get("/statements").text)
    assert found
    page = staff.get(found[1]).text
    assert "&#34;objectType&#34;" in page
    assert staff.get("/statements/00000000-0000-4000-8000-000000000000").status_code == 404
    assert staff.get("/statements/x").status_code in (404, 422)


def test_everything_as_files(staff: TestClient, told: User) -> None:
    lines = staff.get("/statements/export?format=ndjson").text.splitlines()
    statements = [json.loads(line) for line in lines]
    assert len(statements) == 60
    assert [one["stored"] for one in statements] == sorted(one["stored"] for one in statements)
    table = staff.get("/statements/export?format=csv&q=ana").content.decode("utf-8-sig").splitlines()
    assert len(table) == 61
    assert "'=cmd" in table[-1]  # a spreadsheet must not run it
    assert staff.get("/statements/export?format=xml").status_code == 422


def test_the_chart_counts_by_verb(staff: TestClient, told: User) -> None:
    assert "Statements a day, by verb" in staff.get("/statements").text


def test_students_see_none_of_it(session: Session, signed_in: SignedIn, told: User) -> None:
    client = signed_in(told)
    for path in ("/statements", "/statements/export", "/record-store"):
        assert client.get(path).status_code == 403


def test_the_stream_of_one_student(session: Session, told: User) -> None:
    lines = service.stream_of(session, told.id, limit=5)
    assert [line.who for line in lines] == ["Ana Ruiz"] * 5
    assert service.stream_of(session, told.id + 1000) == []


def test_a_credential_from_making_to_revoking(admin: TestClient, session: Session) -> None:
    origin = {"Sec-Fetch-Site": "same-origin"}
    form = {"label": "Simulator", "scopes": ["statements/write", "state"], "rate_limit_per_minute": "600"}
    answer = admin.post("/record-store/credentials", data=form, headers=origin)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    row = session.scalars(select(XapiCredential)).one()
    assert (row.label, row.scopes, row.rate_limit_per_minute) == (
        "Simulator",
        ["state", "statements/write"],
        600,
    )
    assert row.key in answer.text
    secret = re.search(r"<dt>Secret</dt><dd><code[^>]*>([^<]+)</code>", answer.text)
    assert secret
    assert secret[1] not in admin.get("/record-store").text
    rotated = admin.post(f"/record-store/credentials/{row.id}/rotate", headers=origin)
    assert rotated.status_code == 200
    assert secret[1] not in rotated.text
    revoked = admin.post(f"/record-store/credentials/{row.id}/revoke", headers=origin)
    assert "is revoked" in revoked.text
    assert admin.post(f"/record-store/credentials/{row.id}/revoke", headers=origin).status_code == 404
    acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [act for act in acts if act.startswith("xapi_credential")] == [
        "xapi_credential.created",
        "xapi_credential.rotated",
        "xapi_credential.revoked",
    ]


@pytest.mark.parametrize(
    "form", [{"label": "", "scopes": ["all"]}, {"label": "x"}, {"label": "x", "scopes": ["everything"]},
             {"label": "x", "scopes": ["all"], "rate_limit_per_minute": "0"}],
)  # fmt: skip
def test_a_wrong_form_comes_back_with_a_sentence(
    admin: TestClient, session: Session, form: dict[str, object]
) -> None:
    answer = admin.post("/record-store/credentials", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422
    assert session.scalars(select(XapiCredential)).all() == []
