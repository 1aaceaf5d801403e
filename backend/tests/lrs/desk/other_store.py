"""Another LRS to pass statements on to, and what a test puts in order for it."""

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import XapiAttachment, XapiForwarder
from app.db.session import Database
from app.lrs.desk.forwarding import queries, service
from app.lrs.desk.forwarding.schemas import ForwarderForm
from app.lrs.desk.imports import ingest as taking
from app.lrs.engine import multipart
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.lrs.examples import statement

Verdict = Callable[[list[dict[str, Any]]], int]


class _Handler(BaseHTTPRequestHandler):
    outer: "Other"

    def do_POST(self) -> None:
        if self.outer.cuts_off_beyond is not None and self._length() > self.outer.cuts_off_beyond:
            self.close_connection = True
            return
        body, files = self._read()
        self.outer.headers.append(dict(self.headers))
        self.outer.files.append(files)
        status = self.outer.verdict(body)
        if status == 200:
            self.outer.received += body
        self._answer(status)

    def do_GET(self) -> None:
        self._answer(self.outer.verdict([]))

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        for name, value in self.outer.says_in_headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in self.outer.says:
                self.wfile.write(piece)

    def log_message(self, *_: Any) -> None: ...

    def _length(self) -> int:
        return int(self.headers["Content-Length"])

    def _read(self) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
        raw = self.rfile.read(self._length())
        kind = self.headers["Content-Type"]
        if kind == "application/json":
            return json.loads(raw), {}
        reader = multipart.Reader(multipart.boundary_of(kind), 10**6, 10**9)
        reader.feed(raw)
        first, *rest = reader.finish()
        statements = json.loads(first.content())
        found = {part.headers["x-experience-api-hash"]: part.content() for part in rest}
        assert list(found) == [part.sha2 for part in rest]
        reader.close()
        return statements, found


class Other:
    """Another LRS, with a will of its own."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.files: list[dict[str, bytes]] = []
        """The attachments of each request, by hash."""
        self.cuts_off_beyond: int | None = None
        self.verdict: Verdict = lambda _statements: 200
        self.says: Iterable[bytes] = (b'{"detail": "because I say so"}',)
        self.says_in_headers: dict[str, str] = {}
        handler = type("Handler", (_Handler,), {"outer": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/xapi"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def store(database: Database, *statements: dict[str, Any]) -> None:
    raw = "\n".join(json.dumps(one) for one in statements).encode()
    assert taking.take_in(database, "http://localhost:8000", iter([raw])).stored == len(statements)


def store_with(database: Database, settings: Settings, *contents: bytes) -> dict[str, Any]:
    """A statement with these attachments, their bytes in the file store."""
    files = open_store(settings)
    attached = []
    with database.begin() as session:
        for content in contents:
            kept = files.put(content)
            session.merge(
                XapiAttachment(
                    sha2=kept.sha256, sha256=kept.sha256, size_bytes=kept.size, content_type="text/plain"
                )
            )
            attached.append(
                {
                    "usageType": "https://example.org/usage/report",
                    "display": {"en-US": "Report"},
                    "contentType": "text/plain",
                    "length": kept.size,
                    "sha2": kept.sha256,
                    # The reader of files wants to know where bytes are that it does not carry.
                    "fileUrl": "https://example.org/report",
                }
            )
    made = statement(attachments=attached)
    store(database, made)
    return made


def form(**fields: Any) -> ForwarderForm:
    """A target as it is typed in."""
    given = {
        "label": "Archive",
        "endpoint": "https://lrs.example.org/xapi",
        "username": "key",
        "password": "päss",
    }
    return ForwarderForm(**(given | fields))


def target_at(database: Database, settings: Settings, url: str, **fields: Any) -> int:
    with database.begin() as session:
        admin = subject_of(School(session).admin())
        return service.create(session, admin, settings, form(endpoint=url, **fields)).id


def state_of(database: Database, target: int) -> XapiForwarder:
    with database.begin() as session:
        return service.find(session, SYSTEM, target)


def dead(database: Database, target: int) -> list[str]:
    with database.begin() as session:
        return [str(row.name) for row in queries.dead_letters(session, target, Paging()).page().items]
