"""Requests of which two servers could disagree where they end: the hidden one behind them is never answered.

A proxy in front of the system passes on what it takes for one request. If the system took its end to be elsewhere,
the rest would be the beginning of somebody else's request. The way of RFC 9112, 6.3 and 11.2: what is ambiguous is
refused, and the connection is closed.
"""

import itertools
import re
import socket
from urllib.parse import urlsplit

from tests.conftest import LiveServer

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
EMPTY = b"0\r\n\r\n"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)


def _post(*headers: bytes, body: bytes = HIDDEN) -> bytes:
    lines = b"".join(line + b"\r\n" for line in (b"Host: localhost", *headers))
    return b"POST /sign-in HTTP/1.1\r\n" + lines + b"\r\n" + body


def _length(text: bytes) -> bytes:
    return b"Content-Length: " + text


TE = b"Transfer-Encoding: chunked"
OVER = b"%d" % len(CHUNKED)

AMBIGUOUS = {
    "a length and chunks, the chunks end first": _post(_length(b"%d" % len(EMPTY + HIDDEN)), TE, body=EMPTY + HIDDEN),
    "chunks and a length, the length ends first": _post(TE, _length(b"4"), body=CHUNKED),
    "two lengths": _post(_length(b"0"), _length(b"%d" % len(HIDDEN))),
    "a list of lengths": _post(_length(b"0, %d" % len(HIDDEN))),
    "a length with a sign": _post(_length(b"+%d" % len(HIDDEN))),
    "a length below nothing": _post(_length(b"-1")),
    "a length in hexadecimal": _post(_length(b"0x10")),
    "a length in two parts": _post(_length(b"1 0")),
    "a length of nothing": _post(_length(b"")),
    "a length beyond all numbers": _post(_length(b"9" * 30)),
    "a blank before the colon of the coding": _post(b"Transfer-Encoding : chunked", _length(OVER), body=CHUNKED),
    "a blank before the colon of the length": _post(b"Content-Length : 0"),
    "an unknown coding and a length": _post(b"Transfer-Encoding: xchunked", _length(OVER), body=CHUNKED),
    "an unknown coding": _post(b"Transfer-Encoding: xchunked", body=CHUNKED),
    "no coding and a length": _post(b"Transfer-Encoding: identity", _length(b"0")),
    "chunks that are not the last coding": _post(b"Transfer-Encoding: chunked, identity", body=CHUNKED),
    "two codings in two lines": _post(TE, b"Transfer-Encoding: identity", body=CHUNKED),
    "a coding in quotes": _post(b'Transfer-Encoding: "chunked"', body=CHUNKED),
    "a coding on a line of its own": _post(b"Transfer-Encoding:\r\n chunked", body=CHUNKED),
    "a coding behind a control character": _post(b"Transfer-Encoding: \x0bchunked", _length(OVER), body=CHUNKED),
    "lines that end in a line feed alone": b"POST /sign-in HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n" + HIDDEN,
    "a carriage return in a header": _post(b"X: a\rContent-Length: 0"),
    "a NUL in a header": _post(b"X: a\0b", _length(b"0")),
    "chunks that end in a line feed alone": _post(TE, body=b"%x\n%b\n0\n\n" % (len(HIDDEN), HIDDEN)),
    "a chunk larger than any number": _post(TE, body=b"1ffffffffffffffff\r\n" + HIDDEN),
    "a chunk's size that is none": _post(TE, body=b"0x1\r\n" + HIDDEN),
    "a chunk's size below nothing": _post(TE, body=b"-1\r\n" + HIDDEN),
    "a line feed in a chunk's extension": _post(TE, body=b"1;a\nb\r\nx\r\n0\r\n\r\n" + HIDDEN),
    "a chunk longer than its size": _post(TE, body=b"1\r\nxx\r\n0\r\n\r\n" + HIDDEN),
    "chunks in HTTP/1.0": b"POST /sign-in HTTP/1.0\r\nHost: localhost\r\n" + TE + b"\r\n\r\n" + CHUNKED,
    "a version that does not exist": b"GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n" + HIDDEN,
    "no version": b"GET /healthz\r\n" + HIDDEN,
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,
}  # fmt: skip


def _ask(server: LiveServer, request: bytes) -> tuple[list[int], bytes]:
    """The statuses of all answers until the server closes the connection, and the bytes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), timeout=10) as connection:
        connection.sendall(request)
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)], answer


def test_what_is_ambiguous_is_refused_and_nothing_behind_it_is_answered(live_server: LiveServer) -> None:
    wrong = {}
    for name, request in AMBIGUOUS.items():
        statuses, answer = _ask(live_server, request)
        refused = len(statuses) == 1 and 400 <= statuses[0] < 500
        if not refused or b'"status":"ok"' in answer:
            wrong[name] = statuses
    assert not wrong


def test_a_body_is_all_of_the_body(live_server: LiveServer) -> None:
    """One answer for the form that is none, and one for the request that honestly follows."""
    follows = HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for header in (TE, b"Transfer-Encoding:\tchunked", b"transfer-encoding: Chunked", _length(OVER)):
        statuses, answer = _ask(live_server, _post(header, body=CHUNKED) + follows)
        assert len(statuses) == 2
        assert 400 <= statuses[0] < 500
        assert statuses[1] == 200
        assert answer.count(b'"status":"ok"') == 1


def test_an_upgrade_to_another_protocol_is_not_made(live_server: LiveServer) -> None:
    asks = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n\r\n"
    statuses, _answer = _ask(live_server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + asks)
    assert statuses == [200]


def test_a_request_names_one_host(live_server: LiveServer) -> None:
    two = b"Host: localhost\r\nHost: 127.0.0.1\r\n"
    for hosts, path in itertools.product(
        (b"", two), (b"/healthz", b"/sign-in", b"/p/x/player", b"/xapi/about")
    ):
        statuses, answer = _ask(
            live_server, b"GET " + path + b" HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
        )
        assert statuses == [400]
        assert b"A request names one host." in answer


def test_a_request_is_never_sent_back(live_server: LiveServer) -> None:
    for method, host in itertools.product((b"TRACE", b"CONNECT", b"TRACK"), (b"localhost", b"127.0.0.1")):
        for path in (b"/", b"/sign-in", b"/xapi/about", b"/p/x/player"):
            request = (
                method
                + b" "
                + path
                + b" HTTP/1.1\r\nHost: "
                + host
                + b"\r\nX-Mark: a-mark\r\nConnection: close\r\n\r\n"
            )
            statuses, answer = _ask(live_server, request)
            assert len(statuses) == 1
            assert 400 <= statuses[0] < 500
            assert b"a-mark" not in answer
