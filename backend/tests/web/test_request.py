"""One request is one transaction, and success is not reported before it is true."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.db.session import Database
from app.web.request import Db


@pytest.fixture
def client(live_database: Database) -> TestClient:
    app = FastAPI()
    app.state.database = live_database

    @app.post("/programs/{name}")
    def add(name: str, session: Db) -> dict[str, str]:
        session.execute(text("INSERT INTO programs (name) VALUES (:name)"), {"name": name})
        if name == "fails":
            raise RuntimeError("after the row was written")
        if name == "fails-at-commit":
            # A deferred constraint speaks up at the commit and not before.
            session.execute(
                text(
                    "CREATE TEMPORARY TABLE twice (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
                )
            )
            session.execute(text("INSERT INTO twice VALUES (1), (1)"))
        return {"stored": name}

    return TestClient(app, raise_server_exceptions=False)


def stored(database: Database) -> list[Any]:
    with database.begin() as session:
        return list(session.scalars(text("SELECT name FROM programs")))


def test_what_is_answered_with_success_is_stored(client: TestClient, live_database: Database) -> None:
    assert client.post("/programs/radiography").status_code == 200
    assert stored(live_database) == ["radiography"]


@pytest.mark.parametrize("name", ["fails", "fails-at-commit"])
def test_what_fails_is_answered_as_failed_and_leaves_nothing(
    client: TestClient, live_database: Database, name: str
) -> None:
    assert client.post(f"/programs/{name}").status_code == 500
    assert stored(live_database) == []
