import socket
from collections.abc import Iterator

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.types import ASGIApp

from app.web.security import RequestId, within
from tests.web.gallery import create_gallery, settings

MIB = 1024 * 1024
APP = "http://localhost:8000"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_gallery(settings(app_origin=APP, content_origin="http://127.0.0.1:8000"))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=APP, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, True),
        ({"sec-fetch-site": "cross-site", "origin": APP}, False),
        ({"sec-fetch-site": ""}, False),
        ({"origin": APP}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://localhost:8001"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://["}, False),
        ({"origin": "http://[::1"}, False),
        ({}, True),
        ({"authorization": "Bearer abc", "origin": "https://evil.example"}, True),
        ({"authorization": "Bearer abc", "origin": "https://evil.example", "cookie": "session=1"}, False),
        ({"authorization": "Basic abc", "origin": "https://evil.example"}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_requests_another_site_makes_a_browser_send_are_refused(
    client: TestClient, method: str, headers: dict[str, str], allowed: bool
) -> None:
    if "authorization" not in headers:
        headers = {"cookie": "session=1"} | headers
    answer = client.request(method, "/echo", headers=headers)
    assert (answer.status_code != 403) is allowed
    if not allowed:
        assert "nothing was changed" in answer.text


def test_reading_from_another_site_is_no_matter(client: TestClient) -> None:
    assert client.get("/gallery", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_the_origin_of_a_proxied_host_passes(app: FastAPI) -> None:
    client = TestClient(app, base_url="https://lms.example.edu")
    assert client.post("/echo", headers={"origin": "https://lms.example.edu"}).status_code == 200


def test_a_body_up_to_the_limit_passes_and_one_byte_more_does_not(client: TestClient) -> None:
    assert client.post("/echo", content=b"x" * MIB).json() == {"size": MIB}
    answer = client.post("/echo", content=b"x" * (MIB + 1))
    assert answer.status_code == 413
    assert "larger than the 1 MB allowed here. Nothing was saved." in answer.text


def test_a_body_without_a_length_is_counted_as_it_comes(client: TestClient) -> None:
    def chunks(number: int) -> Iterator[bytes]:
        for _ in range(number):
            yield b"x" * 65536

    assert client.post("/echo", content=chunks(16)).json() == {"size": MIB}
    assert client.post("/echo", content=chunks(17)).status_code == 413


def test_a_form_too_large_is_413_even_though_its_parser_fails_first(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"full_name="
        for _ in range(17):
            yield b"x" * 65536

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/gallery", content=chunks(), headers=headers).status_code == 413


def test_named_uploads_have_their_own_limit(client: TestClient) -> None:
    assert client.post("/uploads/echo", content=b"x" * (4 * MIB)).json() == {"size": 4 * MIB}
    assert client.post("/uploads/echo", content=b"x" * (4 * MIB + 1)).status_code == 413


def test_a_prefix_is_whole_segments() -> None:
    assert within("/content/upload", ["/content"])
    assert within("/content", ["/content"])
    assert within("/content/x", ["/content/"])
    assert not within("/contents", ["/content"])


def test_too_large_is_refused_before_the_body_is_sent(gallery_url: str) -> None:
    host, port = gallery_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    for path in ("/gallery", "/missing", "/nowhere", "/failing", "/static/none.css"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-src http://127.0.0.1:8000" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
        assert len(headers["x-request-id"]) == 32


def test_https_is_remembered_where_it_is_used() -> None:
    app = create_gallery(
        settings(app_origin="https://lms.example.edu", content_origin="https://content.example.net")
    )
    headers = TestClient(app).get("/gallery").headers
    assert headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("sent", ["short", "x" * 65, "a b c d e f", "evil\tvalue123", "ünïcödé-id"])
def test_a_strange_request_id_is_replaced(client: TestClient, sent: str) -> None:
    answer = client.get("/missing", headers={"x-request-id": sent.encode()})
    assert answer.headers["x-request-id"] != sent
    assert answer.headers["x-request-id"] in answer.text


def test_a_request_id_is_kept_and_bound_to_the_logs() -> None:
    seen: dict[str, object] = {}
    inner = FastAPI()

    @inner.get("/")
    def look(request: Request) -> None:
        seen.update(structlog.contextvars.get_contextvars(), state=request.state.request_id)

    app: ASGIApp = RequestId(inner)
    answer = TestClient(app).get("/", headers={"x-request-id": "edge-4711.a"})
    assert answer.headers["x-request-id"] == "edge-4711.a"
    assert seen == {"request_id": "edge-4711.a", "ip": "testclient", "state": "edge-4711.a"}
    assert structlog.contextvars.get_contextvars() == {}


def test_static_files_may_be_kept_when_their_address_names_their_content(client: TestClient) -> None:
    page = client.get("/gallery").text
    address = page.split('href="/static/frame.css')[1].split('"')[0]
    kept = client.get(f"/static/app.css{address}")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    asked = client.get("/static/app.css")
    assert asked.headers["cache-control"] == "no-cache"
    assert client.get("/static/app.css", headers={"if-none-match": asked.headers["etag"]}).status_code == 304


def test_large_files_come_packed_to_those_who_take_it(client: TestClient) -> None:
    address = "/static/vendor/tabler/tabler.min.css"
    packed = client.get(address, headers={"accept-encoding": "gzip"})
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path", ["../security.py", "..%2fsecurity.py", "%2e%2e/render.py", "vendor", "", "a%00b"]
)
def test_nothing_but_static_files_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404
