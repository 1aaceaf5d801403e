"""One request is one transaction, and success is not reported before it is true."""

import asyncio
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.db.session import Database
from app.settings import Settings
from app.web.request import Db
from app.web.turns import Turns


@pytest.fixture
def client(live_database: Database) -> TestClient:
    app = FastAPI()
    app.state.database = live_database
    app.state.turns = Turns(4)

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


def test_more_requests_than_connections_and_threads_are_all_answered(live_settings: Settings) -> None:
    """Each holds its connection from one thread to the next; those that wait for one hold no thread."""
    database = Database(live_settings.model_copy(update={"pool_size": 2, "pool_max_overflow": 2}))
    app = FastAPI()
    app.state.database = database
    app.state.turns = Turns(4)

    def first(session: Db) -> None:
        session.execute(text("SELECT 1"))

    @app.get("/", dependencies=[Depends(first, scope="function")])
    def second(session: Db) -> dict[str, int]:
        return {"answer": session.scalar(text("SELECT 2")) or 0}

    async def ask_all() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(120)))
        return [answer.status_code for answer in answers]

    assert set(asyncio.run(ask_all())) == {200}
    database.close()
