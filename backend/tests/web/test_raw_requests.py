"""Requests that no browser and no library sends, over a real connection: never a 5xx, never another's header."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.conftest import LiveServer

HOST = b"Host: localhost\r\n"
CONTENT = b"Host: 127.0.0.1\r\n"


def _ask(server: LiveServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def _get(path: bytes, *headers: bytes, host: bytes = HOST) -> bytes:
    return (
        b"GET "
        + path
        + b" HTTP/1.1\r\n"
        + host
        + b"".join(h + b"\r\n" for h in headers)
        + b"Connection: close\r\n\r\n"
    )


PATHS = [
    b"/%00",
    b"/people/%00?q=%00",
    b"/\xff\xfe",
    b"/sign-in?next=\xff",
    b"/people?q=\xff\xfe",
    b"//evil.example/sign-in",
    b"//evil.example/%2e%2e",
    b"/sign-in?next=//evil.example",
    b"/%2f%2fevil.example",
    b"/static/%00",
    b"/static/..%2f..%2fmain.py",
    b"/static/%2e%2e/%2e%2e/main.py",
    b"/static/" + b"a" * 5000,
    b"/set-password/%ff%00",
    b"/xapi/%00",
    b"/xapi/statements?statementId=%00",
    b"/xapi/statements?\xff",
    b"/p/%00/player",
    b"/p/%ff/files/%00",
    b"/p/x/files/../../../etc/passwd",
    b"*",
    b"@evil.example/",
    b".evil.example/",
    b"http://evil.example/people",
]
HEADERS = [
    b"Cookie: aada_session=\xff\xfe; =; ;;",
    b"Cookie: aada_session=" + b"x" * 8000,
    b"Authorization: Bearer \xff",
    b"Authorization: Bearer",
    b"Authorization: Basic \xff",
    b"X-Request-ID: a\x01b",
    b"X-Forwarded-For: \xff, ,",
    b"X-Forwarded-Proto: \xff",
    b"Range: bytes=\xff",
    b"Accept-Encoding: \xff",
    b"User-Agent: \xff\xfe",
    b"Content-Length: \xb2",
    b"Content-Type: \xff",
    b"Origin: http://[",
]
HOSTS = [
    b"Host: [\r\n",
    b"Host: \xff\r\n",
    b"Host: \r\n",
    b"Host: evil.example/people?x=\r\n",
    b"Host: a:99999999\r\n",
    b"",
]


IDNA = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nxn--\xff\r\n--b--'


def _check(answer: bytes, request: bytes) -> None:
    head = answer.partition(b"\r\n\r\n")[0]
    assert answer.startswith(b"HTTP/1.1 "), request[:80]
    assert answer[9:10] in (b"2", b"3", b"4"), (request[:80], head[:200])
    location = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"location:")), b"")
    target = location.partition(b":")[2].strip()
    assert urlsplit(target.decode()).hostname in (None, "localhost", "127.0.0.1"), target


def test_odd_requests_are_answered(live_server: LiveServer) -> None:
    for host in (HOST, CONTENT):
        for path in PATHS:
            request = _get(path, host=host)
            _check(_ask(live_server, request), request)
        for header in HEADERS:
            for path in (b"/sign-in", b"/api/v1/me", b"/p/x/player"):
                request = _get(path, header, host=host)
                _check(_ask(live_server, request), request)
    for host in HOSTS:
        for path in (b"/people", b"/sign-in", b"/p/x/player", b"/nowhere", b"/api/v1/me"):
            request = _get(path, host=host)
            _check(_ask(live_server, request), request)


@pytest.mark.parametrize(
    "path", [b"/sign-in", b"/forgot", b"/api/v1/session", b"/p/x/commit", b"/people/new"]
)
def test_odd_posts_are_answered(live_server: LiveServer, path: bytes) -> None:
    for host in (HOST, CONTENT):
        for kind, body in (
            (b"application/x-www-form-urlencoded", b"email=%ff%00&password=%00"),
            (b"application/json", b"\xff"),
            (b"multipart/form-data; boundary=", b"--"),
            (b"multipart/form-data; boundary=\xff", b"--\xff--"),
            (b"multipart/form-data; charset=idna; boundary=b", IDNA),
        ):  # fmt: skip
            head = b"POST " + path + b" HTTP/1.1\r\n" + host + b"Content-Type: " + kind
            request = head + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            _check(_ask(live_server, request), request)
