"""One request to another LRS: what is asked, what is not, and what its answer means."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from app.core.errors import Invalid
from app.db.session import Database
from app.lrs.desk.forwarding import client as sending
from app.lrs.desk.forwarding.client import Answer, AwayError, Target, allowed, ask, fault_of
from app.lrs.desk.forwarding.responses import said
from app.settings import Settings
from tests.lrs.desk.other_store import Other, target_at


@pytest.mark.parametrize(
    "endpoint",
    ["http://a..b/xapi", "http://.example.org/", f"https://{'a' * 64}.example.org/xapi", f"https://{'a.' * 130}org/",
     "http://-a.example.org/", "http://169.254.169.254/xapi", "http://2852039166/xapi", "http://0xa9fe0001/",
     "http://[fe80::1]/xapi", "http://0.0.0.0/", "http://[fd00:ec2::254]/",
     "ftp://lrs.example.org", "file:///etc/passwd", "lrs.example.org", "https://u:p@lrs.example.org/",
     "https://lrs.example.org/?a=b", "http://[", "https://exa mple.org", "javascript:alert(1)", "http://a:b:c/"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(
    endpoint: str, live_database: Database, live_settings: Settings
) -> None:
    assert fault_of(endpoint)
    with pytest.raises(Invalid):
        target_at(live_database, live_settings, endpoint)
    with pytest.raises(AwayError):
        ask(Target(endpoint, "a", "b", "1.0.3"), "GET", "/statements")


def test_addresses_where_no_store_can_be_are_not_asked() -> None:
    for address in (
        "169.254.169.254",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd20:ce::254",
        "168.63.129.16",
        "100.100.100.200",
        "224.0.0.1",
        "0.0.0.0",  # noqa: S104
        "::",
    ):
        assert not allowed(address)
    assert allowed("127.0.0.1")
    assert allowed("10.0.0.7")
    assert allowed("::1")
    assert allowed("2001:db8::7")
    with pytest.raises(AwayError, match="No LRS can be"):
        ask(Target("http://169.254.169.254/latest", "a", "b", "1.0.3"), "GET", "/statements")
    with pytest.raises(AwayError, match="cannot be reached"):
        ask(Target("http://127.0.0.1:1/xapi", "a", "b", "1.0.3"), "GET", "/statements")


def test_a_name_that_leads_to_such_an_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: found)
    with pytest.raises(AwayError, match="where an LRS cannot be"):
        ask(Target("http://lrs.example.org", "a", "b", "1.0.3"), "GET", "/statements")


def test_a_name_that_cannot_be_spelt_is_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_arguments: object, **_named: object) -> None:
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AwayError, match="There is no host named"):
        ask(Target("http://lrs.example.org", "a", "b", "1.0.3"), "GET", "/statements")


@pytest.mark.parametrize("endpoint", ["http://lrs/xapi", "https://lrs.example.org./xapi", "http://10.0.0.7:8080",
     "http://[::1]:8080/xapi", "http://lrs_1.example.org/", "http://xn--bcher-kva.example/"])  # fmt: skip
def test_what_is_an_endpoint_is_taken(endpoint: str) -> None:
    assert fault_of(endpoint) is None


@pytest.mark.parametrize(
    ("status", "text", "sentence"),
    [
        (400, '{"detail": "bad\\u0000 verb"}', "It answers 400: bad verb"),
        (400, "bad\0\u202everb\u200b", "It answers 400: bad verb"),
        (400, '{"message": "\\ud800"}', "It answers 400: without a reason"),
        (422, '{"detail": [{"loc": ["body"], "msg": "no verb"}, {"msg": "no actor"}]}',
         "It answers 422: no verb; no actor"),
        (400, '{"detail": {"code": 7}}', 'It answers 400: {"code": 7}'),
        (400, '{"error": {"message": "no verb"}}', "It answers 400: no verb"),
        (400, "[" * 60_000, "It answers 400: " + "[" * 300),
        (400, "", "It answers 400: without a reason"),
        (502, "<html><title>Bad Gateway</title></html>", "It answers 502: Bad Gateway"),
        (401, "", "It refuses the key and secret (401)."),
        (403, '{"message": "scope statements/write is missing"}',
         "It does not let this key do that (403): scope statements/write is missing"),
        (302, "", "It redirects elsewhere (302), and redirects are not followed. Enter its current address."),
    ],
)  # fmt: skip
def test_what_an_answer_says_is_shown_in_words_that_can_be_kept(
    status: int, text: str, sentence: str
) -> None:
    assert said(Answer(status, text, None)) == sentence


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("120", 120), ("", None), ("soon", None), ("-5", None), ("9" * 20, None),
     ("Sun, 22 Nov 2026 10:02:00 GMT", 120), ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
     ("Sun, 22 Nov 99999 10:00:00 GMT", None)],
)  # fmt: skip
def test_how_long_to_wait_is_read_as_seconds_or_as_a_date(
    after: str, seconds: int | None, other: Other
) -> None:
    other.says_in_headers["Retry-After"] = after
    other.verdict = lambda _statements: 503
    with time_machine.travel(datetime(2026, 11, 22, 10, 0, tzinfo=UTC), tick=False):
        answer = ask(Target(other.url, "a", "b", "1.0.3"), "GET", "/statements")
    assert answer.retry_after_seconds == seconds


def test_an_answer_that_drips_is_cut_off(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_TIMEOUT_SECONDS", 1)
    end = threading.Event()

    def drops() -> Iterator[bytes]:
        while not end.wait(0.2):
            yield b" "

    other.says = drops()
    try:
        with pytest.raises(AwayError, match="did not answer within 1 seconds"):
            ask(Target(other.url, "a", "b", "1.0.3"), "GET", "/statements")
    finally:
        end.set()
