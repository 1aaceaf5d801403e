"""A client of the program for tests: Starlette's, with one change of threads for each request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.from_thread
import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

_shared: list[anyio.from_thread.BlockingPortal] = []


@contextmanager
def event_loop() -> Iterator[None]:
    """One event loop for the clients that have none of their own, for as long as this is open."""
    with anyio.from_thread.start_blocking_portal() as portal:
        _shared.append(portal)
        yield
        _shared.clear()


class Client(TestClient):
    """Starlette's client begins a thread and an event loop for every request, and changes between threads eight times
    in each: 3 to 5 ms of processor time, as much as many an answer takes.
    """

    def __init__(self, app: FastAPI, *, raise_server_exceptions: bool = True, **options: Any) -> None:
        super().__init__(app, raise_server_exceptions=raise_server_exceptions, **options)
        self._transport = _InOneStep(self, raise_server_exceptions)


class _InOneStep(httpx2.BaseTransport):
    def __init__(self, client: TestClient, raises: bool) -> None:
        self._client = client
        self._app = httpx2.ASGITransport(
            client.app, raise_app_exceptions=raises, client=("testclient", 50_000)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        # A client that runs the program's lifespan has a loop of its own, and what began there must go on there.
        portal = self._client.portal or _shared[-1]
        return portal.call(self._answer, request)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            request.stream = _Chunks(request.stream)
        answer = await self._app.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        body = httpx2.ByteStream(b"".join([part async for part in answer.stream]))
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, stream=body)


class _Chunks(httpx2.AsyncByteStream):
    """A body that a test gives piece by piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
