"""Every error ends in a sentence: a problem document for programs, a page for people."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import column, select, table, text

from app.core.errors import FieldError, Invalid, NotFound, Unauthorized
from app.db.ready import Ready
from app.main import create_app
from app.settings import Settings
from app.web import refusals
from app.web.request import Db

router = APIRouter()


class Body(BaseModel):
    count: int


@router.get("/api/v1/boom")
@router.get("/boom")
def boom() -> None:
    raise ZeroDivisionError("a secret detail")


@router.get("/links/{secret}")
def link(secret: str) -> None:
    raise ZeroDivisionError


@router.get("/api/v1/missing/{number}")
def missing(number: int) -> None:
    raise NotFound(f"There is no lesson {number}.")


@router.get("/secret")
@router.get("/api/v1/secret")
def secret() -> None:
    raise Unauthorized("You are not signed in.")


@router.post("/api/v1/echo")
def echo(body: Body) -> Body:
    return body


@router.post("/api/v1/wrong")
def wrong() -> None:
    raise Invalid("No.", errors=[FieldError("name", "Missing.")])


SECRETS = Ready(select(column("rolpassword")).select_from(table("pg_authid")))


@router.get("/api/v1/ready")
def ready(session: Db) -> None:
    SECRETS.rows(session)


@router.get("/api/v1/query")
def query(session: Db, statement: str) -> None:
    session.execute(text(statement))


@pytest.fixture
def client(app: FastAPI, settings: Settings) -> Iterator[TestClient]:
    app.include_router(router)
    with TestClient(
        app, base_url=settings.app_origin, follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


def test_a_problem_document_has_the_fields_of_rfc_9457(client: TestClient) -> None:
    answer = client.get("/api/v1/missing/7")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["detail"] == "There is no lesson 7."
    assert body["status"] == 404
    assert body["type"] == "/problems/not-found"
    assert body["instance"] == "/api/v1/missing/7"
    assert body["request_id"] == answer.headers["x-request-id"]


def test_an_unforeseen_error_tells_nothing_of_the_inside(client: TestClient) -> None:
    for path in ("/boom", "/api/v1/boom"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "secret detail" not in answer.text
        assert "ZeroDivision" not in answer.text
        assert "Nothing was changed" in answer.text
        assert "content-security-policy" in answer.headers


def test_an_unforeseen_error_is_logged_without_the_address_as_it_was_typed(client: TestClient) -> None:
    with structlog.testing.capture_logs() as logged:
        assert client.get("/links/7K3MWQ2PZ8RA4TNC").status_code == 500
    [line] = [one for one in logged if one["event"] == "unexpected error"]
    assert (line["method"], line["route"]) == ("GET", "/links/{secret}")
    assert "7K3MWQ2PZ8RA4TNC" not in str(line)


def test_fields_at_fault_are_named(client: TestClient) -> None:
    answer = client.post("/api/v1/echo", json={"count": "many"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "count"
    assert client.post("/api/v1/wrong").json()["errors"] == [{"field": "name", "message": "Missing."}]


def test_a_body_that_is_no_json_is_said_to_be_none(client: TestClient) -> None:
    answer = client.post("/api/v1/echo", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "not valid JSON" in answer.json()["detail"]


def test_a_key_that_is_no_number_is_a_key_of_nothing(client: TestClient) -> None:
    assert client.get("/api/v1/missing/seven").status_code == 404


def test_nobody_is_led_to_the_sign_in_form_and_back(client: TestClient) -> None:
    answer = client.get("/secret?a=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fsecret%3Fa%3D1"
    program = client.get("/api/v1/secret")
    assert program.status_code == 401
    assert program.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("SELECT 'x'::integer", 422),
        ("SELECT 99999999999::integer", 422),
        (("INSERT INTO lesson_completions (enrollment_id, lesson_id, completed_at, source) "
         "VALUES (-1, -1, now(), 'x')"), 409),
    ],
)  # fmt: skip
def test_the_databases_refusals_become_sentences(client: TestClient, statement: str, status: int) -> None:
    answer = client.get("/api/v1/query", params={"statement": statement})
    assert answer.status_code == status
    assert "Nothing was changed" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/v1/query", "/api/v1/ready"])
def test_what_the_database_keeps_from_the_systems_role_is_a_fault_and_noted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Also where the statement goes to libpq past SQLAlchemy. Of a student's request it is a 403: see own rows."""
    refused = Mock()
    monkeypatch.setattr(refusals, "note", refused)
    with structlog.testing.capture_logs() as logs:
        answer = client.get(path, params={"statement": "SELECT rolpassword FROM pg_authid"})
    assert answer.status_code == 500
    assert "Nothing was changed" in answer.json()["detail"]
    refused.assert_not_called()
    (noted,) = (one for one in logs if one["event"] == "database.refused")
    assert (noted["route"], noted["log_level"]) == (path, "error")
    assert noted["reason"] == "permission denied for table pg_authid"
    assert noted["statement"].startswith("SELECT ")
    assert noted["statement"].endswith("pg_authid")


def test_a_constraint_with_a_sentence_of_its_own_says_it(client: TestClient) -> None:
    twice = (
        "INSERT INTO users (email, hashed_password, full_name, role) "
        "VALUES ('a@b.example', '!', 'A', 'student'), ('a@b.example', '!', 'B', 'student')"
    )
    answer = client.get("/api/v1/query", params={"statement": twice})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "email"


def test_a_database_that_is_away_is_named(settings: Settings) -> None:
    away = settings.model_copy(
        update={"database_url": "postgresql+psycopg://nobody:x@127.0.0.1:1/none?connect_timeout=1"}
    )
    app = create_app(away)
    app.include_router(router)
    with TestClient(app, base_url=settings.app_origin) as client:
        answer = client.get("/api/v1/query", params={"statement": "SELECT 1"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
        assert "recovers automatically" in answer.json()["detail"]
