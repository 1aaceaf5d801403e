"""Answers packed with gzip for whoever takes it: a list of 106 kB goes over a phone's line as 8.

Packing what holds a secret next to something a stranger can choose would let that stranger, by the lengths on the
line, guess the secret (BREACH). What keeps that from happening here, in order:

- there is no secret in our pages to guess: forms carry no token against cross-site requests, which are refused by
  what browsers say of their origin, and the session is a cookie out of every page's reach;
- a cookie with SameSite=Lax comes along with a navigation alone, so that a stranger's page cannot ask in the
  background, thousands of times, what it would have to;
- the two kinds of page that do show a secret are not packed: the answer to a form (a new token), and the page where
  something is shown once, which its cookie tells;
- the packed answer has a name of a random length in its head, so that one guess takes thousands of answers.
"""

import secrets
import struct
import zlib
from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.shown_once import COOKIE as ONCE

LEVEL = 4
"""Of zlib. A page takes a tenth of a millisecond; level 9 would be 2 % smaller and twice as slow."""
LEAST_BYTES = 1_000
LONG_BYTES = 128 * 1024
"""From here on packing is done in a thread: the others' answers do not wait for it."""
_MOST_PADDING = 100
_TYPES = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/javascript",
    "image/svg+xml",
    "application/xml",
)


class Compression:
    """Packs the answers of GET requests that are text and not small; streamed answers stay streamed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _wanted(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Packed(send).send)


class _Packed:
    """One answer on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._packer: Packer | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] != "http.response.body":
            await self._begin(None)
            await self._send(message)
        else:
            body, more = message.get("body", b""), message.get("more_body", False)
            if self._start is not None:
                await self._begin(body if more or len(body) >= LEAST_BYTES else None, whole=not more)
            if self._packer is None:
                await self._send(message)
                return
            if len(body) < LONG_BYTES:
                packed = self._packer.take(body, last=not more)
            else:
                packed = await run_in_threadpool(self._packer.take, body, last=not more)
            if self._packer.whole:
                await self._send_start(len(packed))
            if packed or not more:
                await self._send({"type": "http.response.body", "body": packed, "more_body": more})

    async def _begin(self, body: bytes | None, *, whole: bool = False) -> None:
        """Decide, once, by the head and the first piece."""
        start = self._start
        if start is None:
            return
        headers = MutableHeaders(scope=start)
        if body is None or start["status"] != 200 or not _packable(headers):
            self._start = None
            await self._send(start)
            return
        self._packer = Packer(whole=whole)
        headers["Content-Encoding"] = "gzip"
        headers.add_vary_header("Accept-Encoding")
        if "etag" in headers and not headers["etag"].startswith("W/"):
            headers["etag"] = f"W/{headers['etag']}"
        if not whole:
            await self._send_start(None)

    async def _send_start(self, length: int | None) -> None:
        start, self._start = self._start, None
        if start is None:
            return
        headers = MutableHeaders(scope=start)
        if length is None:
            del headers["Content-Length"]
        else:
            headers["Content-Length"] = str(length)
        await self._send(start)


class Packer:
    """A gzip member (RFC 1952) with a name of random length in its head."""

    def __init__(self, *, whole: bool = False, level: int = LEVEL, padded: bool = True) -> None:
        self.whole = whole
        self._stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._checksum = self._size = 0
        # Its bytes may all be one: only how many there are is seen, and nobody reads the name.
        name = b"-" * secrets.randbelow(_MOST_PADDING + 1) if padded else b""
        self._head = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + b"\0"

    def take(self, piece: bytes, *, last: bool) -> bytes:
        """What is ready of the packed bytes after one more piece."""
        return b"".join(self._pieces(piece, last=last))

    def _pieces(self, piece: bytes, *, last: bool) -> Iterator[bytes]:
        yield self._head
        self._head = b""
        self._checksum = zlib.crc32(piece, self._checksum)
        self._size += len(piece)
        yield self._stream.compress(piece)
        if last:
            yield self._stream.flush()
            yield struct.pack("<II", self._checksum, self._size & 0xFFFFFFFF)


def _wanted(headers: Headers) -> bool:
    """Whether the browser takes gzip, and the page it asks for shows nothing once."""
    return takes(headers, "gzip") and "range" not in headers and f"{ONCE}=" not in headers.get("cookie", "")


def takes(headers: Headers, encoding: str) -> bool:
    """Whether `Accept-Encoding` names the encoding without refusing it."""
    for item in headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = item.strip().partition(";")
        if name.strip() == encoding:
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _packable(headers: Headers) -> bool:
    return "content-encoding" not in headers and headers.get("content-type", "").startswith(_TYPES)
