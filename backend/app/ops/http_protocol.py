"""uvicorn's HTTP protocol with a limit on how long and how large the head of a request may be."""

from asyncio import TimerHandle, Transport
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHeadProtocol(HttpToolsProtocol):
    """Closes connections whose request heads do not arrive: within `head_seconds`, in `head_bytes`.

    uvicorn bounds how long a connection idles between two requests, but not the wait for the first byte, nor
    a head that is sent a byte at a time.
    """

    head_seconds: ClassVar[float] = 15.0
    head_bytes: ClassVar[int] = 64 * 1024

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: TimerHandle | None = None
        self._in_head = True
        self._head_size = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        super().connection_lost(exc)

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
