"""A stored file on its way to a browser: the next piece is read while the last one is sent.

A client that takes pieces as fast as they come gets larger ones, and each is read ahead. One that is slow gets small
ones, read when it asks: however many slow clients there are, each holds little more than one small piece in memory.
"""

import asyncio
import time
from collections.abc import Iterator

import anyio
from anyio.to_thread import run_sync
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.core.files import resize

SMALLEST, LARGEST = 128 * 1024, 1024 * 1024
BEGINS_WITH = 256 * 1024
QUICK, SLOW = 0.05, 0.25
"""Seconds that a client takes for a piece."""


def next_size(size: int, seconds: float) -> int:
    """How large the next piece is, after one of `size` bytes was taken in some seconds."""
    if seconds <= QUICK:
        return min(2 * size, LARGEST)
    return SMALLEST if seconds > SLOW else size


class FileStream(StreamingResponse):
    """A streamed file that is let go of also when the browser stops listening half way, as it does with videos."""

    def __init__(self, pieces: Iterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(pieces, status, headers)
        self._pieces = pieces

    async def stream_response(self, send: Send) -> None:
        """Send the file piece by piece."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        size, is_quick = BEGINS_WITH, False
        following: asyncio.Task[bytes] | None = None
        try:
            piece = await self._next()
            while piece:
                following = asyncio.create_task(self._next()) if is_quick else None
                began = self.clock()
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                passed = self.clock() - began
                # Let go of before the next is waited for.
                piece = b""
                size, is_quick = next_size(size, passed), passed <= QUICK
                if following is not None:
                    # Who is cut off meanwhile leaves the reading as it is: its end is waited for below.
                    piece, following = await asyncio.shield(following), None
                    resize(self._pieces, size)
                else:
                    resize(self._pieces, size)
                    piece = await self._next()
        finally:
            if following is not None:
                # The file is closed next: not under the hands of a thread that reads it.
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({following})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def clock(self) -> float:
        """Seconds, from any moment on."""
        return time.monotonic()

    async def _next(self) -> bytes:
        return await run_sync(next, self._pieces, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                close()
