"""An LRS that answers, for a whole module of tests, on a database of its own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx
import psycopg
import uvicorn
from psycopg import sql

from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.keys import service
from app.lrs.engine.api import LrsApp
from app.lrs.host.service import lrs_app
from app.ops.postgres import EmbeddedServer
from app.settings import Settings

ONE, TWO = "1.0.3", "2.0.0"


@dataclass
class Client:
    """Speaks one version with one API key."""

    http: httpx.Client
    key: str
    secret: str
    version: str | None = TWO

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if self.version is not None:
            headers.setdefault("X-Experience-API-Version", self.version)
        options.setdefault("auth", (self.key, self.secret))
        return self.http.request(method, f"/xapi{path}", headers=headers, **options)

    def get(self, path: str, **parameters: str) -> httpx.Response:
        return self.ask("GET", path, params=parameters)

    def statements(self, **parameters: str) -> list[dict[str, Any]]:
        answer = self.get("/statements", **parameters)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["statements"]
        return found

    def post(self, *statements: dict[str, Any]) -> httpx.Response:
        return self.ask(
            "POST", "/statements", json=list(statements) if len(statements) != 1 else statements[0]
        )

    def stored(self, *statements: dict[str, Any]) -> list[str]:
        answer = self.post(*statements)
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.json()
        return ids

    def speaking(self, version: str | None) -> "Client":
        return Client(self.http, self.key, self.secret, version)


@dataclass
class Running:
    """The store, its database, and clients for it."""

    app: LrsApp
    settings: Settings
    database: Database
    http: httpx.Client
    port: int

    def client(self, *scopes: str, version: str | None = TWO, limit: int | None = None) -> Client:
        """A client with a fresh API key of these scopes (all without)."""
        with self.database.begin() as session:
            made = service.create(
                session,
                SYSTEM,
                self.settings.app_origin,
                label=f"test {uuid4().hex[:6]}",
                scopes=scopes or ("all",),
                rate_limit_per_minute=limit,
            )
            return Client(self.http, made.api_key.key, made.secret, version)

    def launch(self, agent: dict[str, Any], activity: str, registration: UUID | None = None) -> Client:
        """The client of a learner's launch of this activity."""
        with self.database.begin() as session:
            made = service.launch_token(
                session,
                self.settings.app_origin,
                user_id=None,
                agent=agent,
                activity=activity,
                registration=registration,
            )
            return Client(self.http, made.api_key.key, made.secret)

    @contextmanager
    def another(self, client: Client) -> Iterator[Client]:
        """The same API key on a connection of its own, for a thread."""
        with httpx.Client(base_url=self.http.base_url, timeout=60, trust_env=False, verify=False) as http:
            yield Client(http, client.key, client.secret, client.version)

    def value(self, query: str, *parameters: object) -> Any:
        """The first column of the first row."""
        url = str(self.settings.database_url).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


@contextmanager
def running(
    server: EmbeddedServer, template: str, make_settings: Callable[..., Settings]
) -> Iterator[Running]:
    """Clone the template, serve the store on it from a thread, and clean up."""
    name = f"lrs_{uuid4().hex}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    settings = make_settings(name)
    database = Database(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = lrs_app(settings, database)
        uvicorn_server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
        )
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not uvicorn_server.started:
            assert thread.is_alive(), "the store did not start"
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
            yield Running(app, settings, database, http, port)
        uvicorn_server.should_exit = True
        thread.join(10)
    database.close()
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
