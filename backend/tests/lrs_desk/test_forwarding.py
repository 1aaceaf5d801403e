"""Passing statements on: everything once and in order, whatever the other side does."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import text

from app.core.errors import Invalid
from app.core.files import open_store
from app.db.models import XapiAttachment, XapiForwarder
from app.db.session import Database
from app.lrs import multipart
from app.lrs.forwarding import delivery, queries, service
from app.lrs.forwarding.schemas import ForwarderForm
from app.lrs.forwarding.sealing import SealBrokenError, seal, unseal
from app.lrs.forwarding.sending import AwayError, Target, allowed, ask, fault_of
from app.lrs.transfer import taking
from app.settings import Settings
from tests.factories.school import School, subject_of
from tests.lrs.examples import statement

Verdict = Callable[[list[dict[str, Any]]], int]


class Other:
    """Another record store, with a will of its own."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.files: list[dict[str, bytes]] = []
        """The attachments of each request, by hash."""
        self.cuts_off_beyond: int | None = None
        self.verdict: Verdict = lambda _statements: 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if outer.cuts_off_beyond is not None and self._length() > outer.cuts_off_beyond:
                    self.close_connection = True
                    return
                body, files = self._read()
                outer.headers.append(dict(self.headers))
                outer.files.append(files)
                status = outer.verdict(body)
                if status == 200:
                    outer.received += body
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(b'{"detail": "because I say so"}')

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

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/xapi"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def other() -> Iterator[Other]:
    found = Other()
    yield found
    found.server.shutdown()
    found.server.server_close()


def _store(database: Database, *statements: dict[str, Any]) -> None:
    raw = "\n".join(json.dumps(one) for one in statements).encode()
    assert taking.take_in(database, "http://localhost:8000", iter([raw])).stored == len(statements)


def _store_with(database: Database, settings: Settings, *contents: bytes) -> dict[str, Any]:
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
    _store(database, made)
    return made


def _target(database: Database, settings: Settings, url: str, **fields: Any) -> int:
    with database.begin() as session:
        admin = subject_of(School(session).admin())
        given = ForwarderForm(
            **({"label": "Archive", "endpoint": url, "username": "key", "password": "päss"} | fields)
        )
        return service.create(session, admin, settings, given).id


def _state(database: Database, target: int) -> XapiForwarder:
    with database.begin() as session:
        return service.find(session, target)


def _dead(database: Database, target: int) -> list[str]:
    with database.begin() as session:
        return [str(row.name) for row in queries.dead_letters(session, target)]


def test_everything_new_arrives_once_and_in_order(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    _store(live_database, statement())
    target = _target(live_database, live_settings, other.url + "/")
    assert delivery.forward(live_database, live_settings, target) == 0
    sent = [statement() for _ in range(120)]
    _store(live_database, *sent)
    assert delivery.forward(live_database, live_settings, target) == 120
    assert delivery.forward(live_database, live_settings, target) == 0
    assert [one["id"] for one in other.received] == [one["id"] for one in sent]
    assert not any("stored" in one or "authority" in one for one in other.received)
    assert other.headers[0]["X-Experience-API-Version"] == "1.0.3"
    assert other.headers[0]["Authorization"].startswith("Basic ")
    state = _state(live_database, target)
    assert (state.sent, state.failures, state.last_error) == (120, 0, None)
    with live_database.begin() as session:
        stored = session.execute(text("SELECT password_sealed FROM xapi_forwarders")).scalar_one()
    assert "päss" not in stored


def test_only_what_the_target_is_for(live_database: Database, live_settings: Settings, other: Other) -> None:
    verb = {"id": "https://example.org/wanted"}
    wanted = statement(verb=verb)
    _store(live_database, statement(), wanted, statement())
    target = _target(live_database, live_settings, other.url, verb=verb["id"], from_the_beginning=True)
    assert delivery.forward(live_database, live_settings, target) == 1
    assert [one["id"] for one in other.received] == [wanted["id"]]
    mark = _state(live_database, target).after_id
    with live_database.begin() as session:
        assert mark == session.execute(text("SELECT max(id) FROM xapi_statements")).scalar_one()


def test_a_target_that_is_away_is_asked_again_later_and_misses_nothing(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    _store(live_database, *[statement() for _ in range(3)])
    for status in (500, 503, 401, 429, 302, 404):
        other.verdict = lambda _statements, status=status: status  # type: ignore[misc]
        assert delivery.forward(live_database, live_settings, target) == 0
        state = _state(live_database, target)
        assert state.last_error
        assert state.next_attempt_at is not None
        with live_database.begin() as session:
            assert target not in queries.due(session)
    assert _state(live_database, target).failures == 6
    assert not _dead(live_database, target)
    other.verdict = lambda _statements: 200
    assert delivery.forward(live_database, live_settings, target) == 3
    assert _state(live_database, target).failures == 0


def test_one_bad_statement_is_put_aside_and_can_be_tried_again(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    sent = [statement() for _ in range(5)]
    bad = sent[2]["id"]
    _store(live_database, *sent)
    other.verdict = lambda statements: 400 if any(one["id"] == bad for one in statements) else 200
    assert delivery.forward(live_database, live_settings, target) == 4
    assert [one["id"] for one in other.received] == [one["id"] for one in sent if one["id"] != bad]
    assert _dead(live_database, target) == [bad]
    assert delivery.redeliver(live_database, live_settings, target) == 0
    assert _dead(live_database, target) == [bad]
    other.verdict = lambda _statements: 200
    assert delivery.redeliver(live_database, live_settings, target) == 1
    assert not _dead(live_database, target)


def test_going_away_in_the_middle_of_a_batch_repeats_nothing(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    sent = [statement() for _ in range(4)]
    _store(live_database, *sent)
    answers = iter([413, 200, 200, 500])
    other.verdict = lambda _statements: next(answers)
    delivery.forward(live_database, live_settings, target)
    other.verdict = lambda _statements: 200
    delivery.forward(live_database, live_settings, target)
    assert [one["id"] for one in other.received] == [one["id"] for one in sent]


def test_attachments_go_along_with_their_statement(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    before, between, after = statement(), statement(), statement()
    _store(live_database, before)
    first = _store_with(live_database, live_settings, b"one", b"two" * 200_000)
    _store(live_database, between, after)
    second = _store_with(live_database, live_settings, b"one")
    assert delivery.forward(live_database, live_settings, target) == 5
    assert [one["id"] for one in other.received] == [
        one["id"] for one in (before, first, between, after, second)
    ]
    assert [sorted(map(len, files.values())) for files in other.files] == [[], [3, 600_000], [], [3]]


def test_a_refused_attachment_is_put_aside_alone_and_sent_again_with_its_bytes(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    bad = _store_with(live_database, live_settings, b"too large for it")
    _store(live_database, statement())
    other.verdict = lambda statements: 413 if "attachments" in statements[0] else 200
    assert delivery.forward(live_database, live_settings, target) == 1
    assert _dead(live_database, target) == [bad["id"]]
    other.verdict = lambda _statements: 200
    assert delivery.redeliver(live_database, live_settings, target) == 1
    assert list(other.files[-1].values()) == [b"too large for it"]


def test_a_body_that_is_cut_off_again_and_again_does_not_hold_up_the_rest(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    large = _store_with(live_database, live_settings, b"x" * 5_000_000)
    small = statement()
    _store(live_database, small)
    other.cuts_off_beyond = 1_000_000
    for attempt in range(1, 6):
        assert delivery.forward(live_database, live_settings, target) == 0
        state = _state(live_database, target)
        assert state.failures == attempt
        assert "closed the connection" in (state.last_error or "")
    assert delivery.forward(live_database, live_settings, target) == 1
    assert [one["id"] for one in other.received] == [small["id"]]
    assert _dead(live_database, target) == [large["id"]]
    with live_database.begin() as session:
        (letter,) = queries.dead_letters(session, target)
        assert "5.0 MB" in letter.error


def test_a_target_removed_while_it_is_asked_is_no_fault(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    _store(live_database, statement())

    def verdict(_statements: list[dict[str, Any]]) -> int:
        with live_database.begin() as session:
            session.delete(session.get(XapiForwarder, target))
        return 503

    other.verdict = verdict
    assert delivery.forward(live_database, live_settings, target) == 0


def test_a_new_secret_key_is_told_in_a_sentence(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = _target(live_database, live_settings, other.url)
    _store(live_database, statement())
    changed = live_settings.model_copy(
        update={"secret_key": type(live_settings.secret_key)("another key for tests, of good length")}
    )
    assert delivery.forward(live_database, changed, target) == 0
    assert "SECRET_KEY has changed" in (_state(live_database, target).last_error or "")
    with pytest.raises(SealBrokenError):
        unseal("one", seal("other", "x"))
    assert unseal("one", seal("one", "päss")) == "päss"


@pytest.mark.parametrize(
    "endpoint",
    ["ftp://lrs.example.org", "file:///etc/passwd", "lrs.example.org", "https://u:p@lrs.example.org/",
     "https://lrs.example.org/?a=b", "http://[", "https://exa mple.org", "javascript:alert(1)", "http://a:b:c/"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(
    endpoint: str, live_database: Database, live_settings: Settings
) -> None:
    assert fault_of(endpoint)
    with pytest.raises(Invalid):
        _target(live_database, live_settings, endpoint)
    with pytest.raises(AwayError):
        ask(Target(endpoint, "a", "b", "1.0.3"), "GET", "/statements")


def test_addresses_where_no_store_can_be_are_not_asked() -> None:
    for address in (
        "169.254.169.254",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104
        "::",
    ):
        assert not allowed(address)
    assert allowed("127.0.0.1")
    assert allowed("10.0.0.7")
    with pytest.raises(AwayError, match="where no record store can be"):
        ask(Target("http://169.254.169.254/latest", "a", "b", "1.0.3"), "GET", "/statements")
    with pytest.raises(AwayError, match="cannot be reached"):
        ask(Target("http://127.0.0.1:1/xapi", "a", "b", "1.0.3"), "GET", "/statements")
