"""The answers to a supervisor: alive, and ready."""

import socket

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_database_behind_the_program_is_not_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ops.health.revisions", lambda: ["9999"])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "aada db migrate" in answer.json()["detail"]
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_away_is_not_ready_and_says_so(settings: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = settings.model_copy(
            update={"database_url": f"postgresql+psycopg://x:y@127.0.0.1:{nobody.getsockname()[1]}/z"}
        )
        with TestClient(create_app(away), base_url=away.app_origin) as client:
            assert client.get("/healthz").status_code == 200
            for path in ("/readyz", "/", "/hours"):
                client.cookies.set("aada_session", "anything")
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert "database does not answer" in answer.text, path
