"""A real PostgreSQL 17 for every test.

`session` and `client` work in one transaction that is rolled back; `live_database` is a clone of the migrated
template that a test may commit to; `live_server` serves such a clone on a free port.
"""

import gc

# Before anything is loaded: looking through all of it again and again is a quarter of what loading takes.
gc.disable()

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.core import clock, tokens
from app.db.models import User, UserSession
from app.db.session import Database
from app.main import create_app
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.browser.chromium import chromium
from tests.client import Client, event_loop
from tests.fast_disk import fast_folder


def _load_no_more() -> None:
    """What has been loaded stays for the whole run: the collector need not look through it again with every few
    thousand objects, which is a fifth of the processor time of a run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


_load_no_more()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The tests are loaded as the program is."""
    gc.disable()
    try:
        return (yield)
    finally:
        _load_no_more()


# The same examples on every machine and at every run: what passes here passes there. To look further afield:
# pytest --hypothesis-profile=default
# No deadline: how long an example takes says something about the machine, and nothing about the rule.
hypothesis.settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("fixed")

TEMPLATE = "aada_template"
SHARED = Path(__file__).resolve().parents[3] / "shared"


def _settings(**overrides: object) -> Settings:
    values: dict[str, object] = {
        "environment": "test",
        "secret_key": "a key for tests alone, of good length",
        "aada_app_password": "a password for tests alone",
        "bcrypt_rounds": 4,
        "pool_size": 5,
        "log_level": "WARNING",
    }
    # No .env of the checkout: a test must not find out what its developer's machine is set to.
    return Settings(_env_file=None, **(values | overrides))  # type: ignore[call-arg, arg-type]


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """A running server, made for speed and thrown away."""
    with fast_folder() as place, EmbeddedServer(place, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def make_settings(
    postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Settings]:
    """Settings for a database of the test server: `make_settings("name", sql_echo=True)`."""
    data_dir = tmp_path_factory.mktemp("data")

    def make(database: str, **overrides: object) -> Settings:
        return _settings(**({"database_url": postgres.url(database), "data_dir": data_dir} | overrides))

    return make


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer, make_settings: Callable[..., Settings]) -> str:
    """The name of a database at the head of the migrations, to be cloned."""
    postgres.ensure_database(TEMPLATE)
    settings = make_settings(TEMPLATE)
    migrations.upgrade(settings)
    roles.set_app_password(settings)
    return TEMPLATE


@contextmanager
def _throwaway(server: EmbeddedServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    yield name
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(postgres: EmbeddedServer, make_settings: Callable[..., Settings]) -> Iterator[Settings]:
    """Settings of a database with nothing in it, for migrations."""
    with _throwaway(postgres, "template1") as name:
        yield make_settings(name)


@pytest.fixture(scope="session")
def _shared_database(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings]
) -> Iterator[tuple[Settings, Database]]:
    with _throwaway(postgres, template) as name:
        settings = make_settings(name)
        database = Database(settings)
        yield settings, database
        database.close()


@pytest.fixture
def settings(_shared_database: tuple[Settings, Database], tmp_path: Path) -> Settings:
    """The settings of the rolled-back database, with a data directory of the test's own."""
    return _shared_database[0].model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture
def connection(_shared_database: tuple[Settings, Database]) -> Iterator[Connection]:
    """A connection as `aada_app` whose transaction is rolled back after the test."""
    with _shared_database[1].engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def session(connection: Connection, settings: Settings) -> Iterator[Session]:
    """A session in the test's transaction. Its commits are savepoints."""
    with Session(
        connection,
        join_transaction_mode="create_savepoint",
        expire_on_commit=False,
        info={"settings": settings},
    ) as session:
        yield session


class OneConnection(Database):
    """A database whose every session works on the test's connection, in turn."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.engine = connection.engine
        self._connection = connection
        self._settings = settings
        # Not an RLock: the request's transaction is begun in one thread and ended in another.
        self._turn = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self._turn:
            try:
                with (
                    Session(
                        self._connection,
                        join_transaction_mode="create_savepoint",
                        expire_on_commit=False,
                        info={"settings": self._settings},
                    ) as session,
                    session.begin(),
                ):
                    yield session
            finally:
                # What a transaction of its own forgets at its end.
                self._connection.execution_options(own_rows=False)
                self._connection.execute(
                    text("SELECT set_config('role', 'none', true), set_config('aada.student_id', '', true)")
                )

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        # The test's transaction began long before, so it cannot be isolated more than it is.
        with self.begin() as session:
            yield session

    @contextmanager
    def aside(self) -> Iterator[Session]:
        with self.begin() as session:
            yield session

    def use(self, settings: Settings) -> None:
        self._settings = settings

    def close(self) -> None:
        """The test's connection is closed by its own fixture."""


@pytest.fixture
def app(settings: Settings, connection: Connection) -> FastAPI:
    """The program on the test's connection."""
    return create_app(settings, OneConnection(connection, settings))


@pytest.fixture
def client(app: FastAPI, settings: Settings) -> Iterator[TestClient]:
    """A browser that nobody has signed in with."""
    with Client(app, base_url=settings.app_origin, follow_redirects=False) as client:
        yield client


def sign_in_directly(session: Session, client: TestClient, user: User) -> TestClient:
    """Give the client a session of `user` without the sign-in form."""
    clear, hashed = tokens.new_token()
    now = clock.now()
    session.add(
        UserSession(user_id=user.id, token_hash=hashed, expires_at=now + timedelta(days=1), proved_at=now)
    )
    session.commit()
    client.cookies.set("aada_session", clear)
    return client


@pytest.fixture
def signed_in(app: FastAPI, settings: Settings, session: Session) -> Iterator[Callable[[User], TestClient]]:
    """`signed_in(user)` is a client with that person's session."""
    clients: list[TestClient] = []

    def make(user: User) -> TestClient:
        session.flush()
        client = Client(app, base_url=settings.app_origin, follow_redirects=False)
        clients.append(client)
        return sign_in_directly(session, client, user)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def live_settings(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings], tmp_path: Path
) -> Iterator[Settings]:
    """Settings of a database of the test's own that it may commit to."""
    with _throwaway(postgres, template) as name:
        yield make_settings(name, data_dir=tmp_path / "data")


@pytest.fixture
def live_database(live_settings: Settings) -> Iterator[Database]:
    """A database of the test's own, as `aada_app`; commits are real."""
    database = Database(live_settings)
    yield database
    database.close()


@dataclass(frozen=True)
class LiveServer:
    """A program that answers on a port of its own."""

    url: str
    content_url: str
    settings: Settings
    database: Database


@pytest.fixture
def live_server(live_settings: Settings, live_database: Database) -> Iterator[LiveServer]:
    """The program served by uvicorn from a thread, on a cloned database."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        settings = live_settings.model_copy(
            update={
                "app_origin": f"http://localhost:{port}",
                "content_origin": f"http://127.0.0.1:{port}",
            }
        )
        server = uvicorn.Server(
            uvicorn.Config(create_app(settings, live_database), log_config=None, timeout_graceful_shutdown=2)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                pytest.fail("the server did not start")
            time.sleep(0.01)
        yield LiveServer(settings.app_origin, settings.content_origin, settings, live_database)
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; not for the whole run, because its event loop is in the way of tests with one of their own."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Real packages and the acceptance check, where they stand beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the folder with real packages is not here")
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def _event_loop() -> Iterator[None]:
    with event_loop():
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_proxies() -> None:
    """Everything under test is on this machine."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
