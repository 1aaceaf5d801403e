"""Clients that send slowly, or leave, hold nothing that others need."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core import clock, tokens
from app.core.errors import Problem
from app.db.models import UserSession
from app.ops.http_protocol import BoundedHeadProtocol
from app.web.head_requests import HeadAsGet
from app.web.request_bodies import BodyTime
from tests.conftest import LiveServer
from tests.factories.school import School

HEAD = (
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 200\r\n\r\nem"
)


def _connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 80), timeout=20)


def _answer(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


@pytest.mark.parametrize("path", [b"/sign-in", b"/hours/clock-in", b"/account/password"])
def test_forty_unfinished_forms_of_a_signed_in_student_stop_nobody(
    live_server: LiveServer, path: bytes
) -> None:
    clear, hashed = tokens.new_token()
    with live_server.database.begin() as session:
        student = School(session).student()
        expires = clock.now() + timedelta(days=1)
        session.add(UserSession(user_id=student.id, token_hash=hashed, expires_at=expires))
    head = (HEAD % path).replace(b"\r\n\r\n", f"\r\nCookie: aada_session={clear}\r\n\r\n".encode())
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(_connect(live_server.url)).sendall(head)
        for page in ("/readyz", "/"):
            answer = httpx2.get(live_server.url + page, cookies={"aada_session": clear}, timeout=30)
            assert answer.status_code == 200, answer.text


def test_a_client_that_leaves_mid_form_is_no_fault(
    live_server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for path in (b"/sign-in", b"/lessons/1/content"):
            with _connect(live_server.url) as connection:
                connection.sendall(HEAD % path)
        assert httpx2.get(live_server.url + "/healthz", timeout=10).status_code == 200
    assert [record.message for record in caplog.records if "Traceback" in record.message] == []
    assert [record for record in caplog.records if record.exc_info] == []


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    await PlainTextResponse(f"{request.method} {len(await request.body())}")(scope, receive, send)


def _plainly(_request: Request, problem: Problem) -> PlainTextResponse:
    return PlainTextResponse(problem.detail, problem.status, headers=problem.headers)


class _QuickProtocol(BoundedHeadProtocol):
    head_seconds = 0.3
    head_bytes = 4096


@contextmanager
def _served(app: ASGIApp) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=_QuickProtocol, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def quick() -> Iterator[Callable[[ASGIApp], str]]:
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(_served(app))


def _timed(app: ASGIApp) -> ASGIApp:
    return BodyTime(app, answer=_plainly, streamed=["/files/*"], whole_seconds=0.5, pause_seconds=1.5)


@pytest.mark.parametrize("path", [b"/form", b"/files/5"])
def test_a_body_that_does_not_come_is_408(quick: Callable[[ASGIApp], str], path: bytes) -> None:
    with _connect(quick(_timed(_echo))) as connection:
        connection.sendall(HEAD % path)
        answer = _answer(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"Nothing was saved" in answer


def test_an_upload_may_be_slow_as_long_as_it_moves(quick: Callable[[ASGIApp], str]) -> None:
    with _connect(quick(_timed(_echo))) as connection:
        connection.sendall(
            b"POST /files/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
        )
        for _ in range(8):
            time.sleep(0.3)
            connection.sendall(b"x")
        assert _answer(connection).endswith(b"POST 8")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_come_ends_the_connection(quick: Callable[[ASGIApp], str], sent: bytes) -> None:
    with _connect(quick(_echo)) as connection:
        connection.sendall(sent)
        answer = _answer(connection)
    assert answer == b"" if not sent else answer.startswith(b"HTTP/1.1 408")


def test_a_head_without_end_is_431(quick: Callable[[ASGIApp], str]) -> None:
    with _connect(quick(_echo)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(OSError), ExitStack() as _:  # noqa: PT011,PT012 - closed or reset
            for _number in range(200):
                connection.sendall(b"X-Much: " + b"a" * 1000 + b"\r\n")
                time.sleep(0.001)
            raise OSError


def test_a_second_request_on_a_connection_has_its_own_time(quick: Callable[[ASGIApp], str]) -> None:
    with _connect(quick(_echo)) as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"GET 0" in connection.recv(65536)
            time.sleep(0.4)  # longer than a head may take, within what a connection may idle


def test_head_answers_as_get_without_the_body(live_server: LiveServer) -> None:
    for path in ("/sign-in", "/healthz", "/api/v1/openapi.json"):
        asked, got = httpx2.head(live_server.url + path), httpx2.get(live_server.url + path)
        assert asked.status_code == got.status_code == 200
        assert asked.headers["content-type"] == got.headers["content-type"]
        assert asked.content == b""
    assert httpx2.head(live_server.url + "/nowhere").status_code == 404
    assert httpx2.head(live_server.url + "/").status_code == 303


def test_head_keeps_the_body_back(quick: Callable[[ASGIApp], str]) -> None:
    answer = httpx2.head(quick(HeadAsGet(_echo)) + "/")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "5")
