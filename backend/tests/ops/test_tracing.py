"""Traces arrive at a collector on this machine, say nothing of anybody, and cost nothing where they are off."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.models import User
from app.db.session import Database
from app.main import create_app
from app.ops.errors import OperatorError
from app.settings import Settings
from app.web.request import CurrentSubject, Db
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.accounts import UserFactory

service = pytest.importorskip(
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="script/setup --dev installs it"
)
BACKEND = Path(__file__).resolve().parents[2]


class Collector:
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []
        self.raw = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                outer.raw += body
                for one in service.ExportTraceServiceRequest.FromString(body).resource_spans:
                    outer.resources.append(
                        {item.key: item.value.string_value for item in one.resource.attributes}
                    )
                    outer.spans += [span for scope in one.scope_spans for span in scope.spans]
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    yield made
    made.close()


def browser(settings: Settings, database: Database, **more: Any) -> tuple[Client, User]:
    """Somebody of the staff, at a system that traces."""
    app = create_app(settings.model_copy(update={"tracing": True} | more), database)

    @app.get("/broken")
    def _broken(db: Db) -> None:
        db.execute(text("SELECT :value FROM no_such_table"), {"value": "a secret of Ada Reyes"})

    @app.get("/looked/{number}")
    def _looked(db: Db, _subject: CurrentSubject, number: int, q: str) -> None:
        db.execute(
            text("SELECT * FROM users WHERE id = :id AND full_name = :name"), {"id": number, "name": q}
        )

    with database.sessions() as session:
        person = _person(session)
        client = Client(
            app, base_url=settings.app_origin, follow_redirects=False, raise_server_exceptions=False
        )
        sign_in_directly(session, client, person)
    return client, person


def _person(session: Session) -> User:
    person = UserFactory(session=session, role="admin", full_name="Ada Reyes", email="ada.reyes@aada.edu")
    session.commit()
    return person


def attributes(span: Any) -> dict[str, Any]:
    return {item.key: item.value.string_value or item.value.int_value for item in span.attributes}


def test_a_request_and_its_statements_arrive_and_name_nobody(
    live_settings: Settings, live_database: Database, collector: Collector
) -> None:
    client, person = browser(live_settings, live_database)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = client.get(f"/looked/{person.id}", params={"q": "Ada Reyes"}, headers={"traceparent": trace})
    assert answer.status_code == 200
    assert client.get("/people?q=Reyes").status_code == 200
    assert client.get("/no-such-page/Reyes").status_code == 404
    client.app.state.tracing.close()  # type: ignore[attr-defined]
    requests = [span for span in collector.spans if span.kind == 2]
    assert [span.name for span in requests] == ["GET /looked/{number}", "GET /people", "GET -"]
    first = requests[0]
    assert attributes(first) == {
        "http.request.method": "GET",
        "http.route": "/looked/{number}",
        "http.response.status_code": 200,
        "aada.request_id": answer.headers["X-Request-ID"],
    }
    assert first.trace_id.hex() != trace.split("-")[1], "a stranger's trace is not continued"
    statements = [span for span in collector.spans if span.kind == 3 and span.trace_id == first.trace_id]
    assert statements
    assert {span.parent_span_id for span in statements} == {first.span_id}
    assert {attributes(span)["db.system.name"] for span in statements} == {"postgresql"}
    asked = [attributes(span)["db.query.text"] for span in statements]
    assert any("FROM users" in one for one in asked)
    assert any("FROM user_sessions" in one for one in asked), "what goes past SQLAlchemy too"
    assert collector.resources[0]["service.name"] == "aada-lms"
    for word in (b"Reyes", b"ada.reyes", str(client.cookies).encode()):
        assert word not in collector.raw


def test_what_fails_is_marked_and_its_values_stay_here(
    live_settings: Settings, live_database: Database, collector: Collector
) -> None:
    client, _ = browser(live_settings, live_database)
    assert client.get("/broken").status_code == 500
    client.app.state.tracing.close()  # type: ignore[attr-defined]
    (request,) = [span for span in collector.spans if span.name == "GET /broken"]
    (statement,) = [span for span in collector.spans if "error.type" in attributes(span)]
    assert request.status.code == statement.status.code == 2
    assert attributes(statement)["error.type"] == "UndefinedTable"
    assert b"secret of Ada" not in collector.raw


def test_a_collector_that_is_away_keeps_nobody_waiting(
    live_settings: Settings, live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    client, person = browser(live_settings, live_database)
    for _ in range(3):
        assert client.get(f"/looked/{person.id}?q=x").status_code == 200
    client.app.state.tracing.close()  # type: ignore[attr-defined]


def test_statements_outside_of_a_request_are_nobodys(
    live_settings: Settings, live_database: Database, collector: Collector
) -> None:
    client, _ = browser(live_settings, live_database)
    assert client.get("/healthz").status_code == 200
    with live_database.begin() as session:
        session.execute(text("SELECT 4711"))
    with pytest.raises(DBAPIError), live_database.begin() as session:
        session.execute(text("SELECT 1/0"))
    client.app.state.tracing.close()  # type: ignore[attr-defined]
    assert [span.name for span in collector.spans] == ["GET /healthz"]


def test_without_opentelemetry_the_start_says_what_to_install(live_settings: Settings) -> None:
    missing = {"opentelemetry.exporter.otlp.proto.http.trace_exporter": None}
    with patch.dict(sys.modules, missing), pytest.raises(OperatorError, match=r"requirements-tracing\.lock"):
        create_app(live_settings.model_copy(update={"tracing": True}))


def test_off_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys; from app.main import create_app; from app.settings import Settings\n"
        "create_app(Settings(_env_file=None, secret_key='k' * 32, aada_app_password='p',"
        " database_url='postgresql://x/y'))\n"
        "print([name for name in sys.modules if name == 'app.ops.tracing'"
        " or name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BACKEND, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
