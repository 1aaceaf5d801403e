"""Packed answers: for whoever takes them, of what is text, and never where a secret is shown."""

import asyncio
import gzip
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.web.compression import LONG_BYTES, Compression, Packer

TEXT = "Clock hours and lessons. " * 400


def small(_request: Request) -> Response:
    return PlainTextResponse("short")


def page(_request: Request) -> Response:
    return PlainTextResponse(TEXT, headers={"ETag": '"one"'})


def long(_request: Request) -> Response:
    return PlainTextResponse("x" * (LONG_BYTES + 1))


def image(_request: Request) -> Response:
    return Response(b"\0" * 5_000, media_type="image/png")


def stream(_request: Request) -> Response:
    def pieces() -> Iterator[str]:
        for number in range(200):
            yield f"{number},{TEXT}\n"

    return StreamingResponse(pieces(), media_type="text/csv")


@pytest.fixture(scope="module")
def browser() -> TestClient:
    routes = [
        Route(f"/{one.__name__}", one, methods=["GET", "POST"]) for one in (small, page, long, image, stream)
    ]
    return TestClient(Compression(Starlette(routes=routes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["page", "long", "stream"])
def test_text_is_packed_and_reads_the_same(browser: TestClient, path: str) -> None:
    plain = browser.get(f"/{path}", headers={"Accept-Encoding": "identity"})
    packed = browser.get(f"/{path}", headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.content == plain.content
    if path != "stream":
        assert int(packed.headers["content-length"]) < len(plain.content) // 5
    if path == "page":
        assert packed.headers["etag"] == 'W/"one"'


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "small", {}),
        ("GET", "image", {}),
        ("POST", "page", {}),
        ("GET", "page", {"Cookie": "aada_once=sealed"}),
        ("GET", "page", {"Range": "bytes=0-9"}),
        ("GET", "page", {"Accept-Encoding": "gzip;q=0"}),
        ("GET", "page", {"Accept-Encoding": "br"}),
    ],
)
def test_what_stays_as_it_is(browser: TestClient, method: str, path: str, headers: dict[str, str]) -> None:
    answer = browser.request(method, f"/{path}", headers={"Accept-Encoding": "gzip"} | headers)
    assert "content-encoding" not in answer.headers


def test_the_length_tells_nothing_of_a_guess(browser: TestClient) -> None:
    lengths = {
        browser.get("/page", headers={"Accept-Encoding": "gzip"}).headers["content-length"] for _ in range(40)
    }
    assert len(lengths) > 10


def test_a_packer_makes_one_member_of_many_pieces() -> None:
    packer = Packer()
    packed = b"".join([packer.take(b"a" * 10_000, last=False), packer.take(b"b", last=True)])
    assert gzip.decompress(packed) == b"a" * 10_000 + b"b"


def test_a_stream_goes_out_before_it_ends() -> None:
    sent = []

    async def endless(_scope: object, _receive: object, send: object) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]}
        )  # type: ignore[operator]
        for _ in range(400):
            await send({"type": "http.response.body", "body": TEXT.encode(), "more_body": True})  # type: ignore[operator]
        assert len(sent) > 1, "the head and the first bytes have gone"
        await send({"type": "http.response.body", "body": b"", "more_body": False})  # type: ignore[operator]

    async def keep(message: object) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    asyncio.run(Compression(endless)(scope, None, keep))  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent)  # type: ignore[attr-defined]
    assert gzip.decompress(body) == TEXT.encode() * 400
