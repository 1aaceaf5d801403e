"""uvicorn's HTTP protocol with a limit on how long and how large the head of a request may be."""

import asyncio
import json
from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app import __version__


class BoundedHeadProtocol(HttpToolsProtocol):
    """Closes connections whose request heads do not arrive: within `head_seconds`, in `head_bytes`.

    uvicorn bounds how long a connection idles between two requests, but not the wait for the first byte, nor
    a head that is sent a byte at a time.
    """

    head_seconds: ClassVar[float] = 15.0
    head_bytes: ClassVar[int] = 64 * 1024
    closing: ClassVar[bool] = False
    """Whether this process has been replaced: each connection is closed with its next answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: TimerHandle | None = None
        self._in_head = True
        self._head_size = 0
        self.gone: Callable[[], None] = lambda: None
        """Called when the connection has ended."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        super().connection_lost(exc)
        self.gone()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_size += len(data)
            if self._head_size > self.head_bytes:
                self._refuse(b"431 Request Header Fields Too Large", "The head of this request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._in_head:
            self._expect_head()

    def on_headers_complete(self) -> None:
        self._head_arrived()
        super().on_headers_complete()
        if self.closing and self.cycle is not None:
            self.cycle.keep_alive = False

    def _expect_head(self) -> None:
        self._in_head, self._head_size = True, 0
        self._head_timer = self.loop.call_later(self.head_seconds, self._too_late)

    def _head_arrived(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_late(self) -> None:
        if self._head_size:
            self._refuse(b"408 Request Timeout", "The head of this request did not arrive in time.")
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: bytes, sentence: str) -> None:
        if self.transport.is_closing():
            return
        body = sentence.encode()
        self.transport.write(
            b"HTTP/1.1 "
            + status
            + b"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: "
            + str(len(body)).encode()
            + b"\r\n\r\n"
            + body
        )
        self.transport.close()


class BusyProtocol(asyncio.Protocol):
    """Answers one request over a connection beyond those that are served: 503 with the time to wait.

    Whether the process is alive is answered all the same: a supervisor that heard 503 would end it, and everybody
    whom it serves would lose the connection. Holds a fraction of the memory of a served one.
    """

    seconds: ClassVar[float] = 5.0

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone
        self._head = bytearray()
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._timer = asyncio.get_running_loop().call_later(self.seconds, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._answered or self._transport is None:
            return
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > 8192:
            self._answered = True
            alive = bytes(self._head).split(b"\r\n", 1)[0].split(b" ")[1:2] == [b"/healthz"]
            self._transport.write(ALIVE if alive else BUSY)
            # What still comes of the request is read until the client has the answer and closes.
            if self._transport.can_write_eof():
                self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._gone()


def _whole(status: str, kind: str, body: str, *more: str) -> bytes:
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body.encode())}",
        "Cache-Control: no-store",
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*head, "", body]).encode()


BUSY: Final = _whole(
    "503 Service Unavailable",
    "text/plain; charset=utf-8",
    "The system is very busy. Nothing was changed; please try again in a few seconds.\n",
    "Retry-After: 5",
)
ALIVE: Final = _whole(
    "200 OK", "application/json", json.dumps({"status": "ok", "version": __version__}, separators=(",", ":"))
)
