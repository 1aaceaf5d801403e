"""Bodies have arrived before anything else is taken.

A slow client holds a socket and nothing more: no thread, no database connection. A handler that began before the
form was there let some thirty of them stop the site for everybody.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Problem, RequestTimeout
from app.web.path_patterns import path_patterns

Answer = Callable[[Request, Problem], Response]

WHOLE_SECONDS = 30.0
"""How long an ordinary body may take from its head to its last byte."""
PAUSE_SECONDS = 30.0
"""How long a body that is read as it comes may pause."""


class _TooSlowError(RequestTimeout):
    """Ends the reading of a body; never leaves BodyTime. A known problem, so that nobody logs it as a fault."""


class BodyTime:
    """Reads each body whole within `whole_seconds`, then lets the application begin; too late is 408.

    Bodies to the `streamed` addresses (`*` stands for one segment; all of them if None) may be too large to hold:
    the application reads them as they come, and they may pause for `pause_seconds`. Such a route must take no
    database connection while it reads. A client that leaves before its body is whole is never answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        answer: Answer,
        streamed: Iterable[str] | None = (),
        whole_seconds: float = WHOLE_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self.app = app
        self.answer = answer
        self.streamed = None if streamed is None else path_patterns(streamed)
        self.whole_seconds = whole_seconds
        self.pause_seconds = pause_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
        elif self.streamed is None or any(pattern.fullmatch(scope["path"]) for pattern in self.streamed):
            await self._streamed(scope, receive, send)
        else:
            await self._whole(scope, receive, send)

    async def _whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(self.whole_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    pieces.append(message.get("body", b""))
                    more = message.get("more_body", False)
        except TimeoutError:
            await self.answer(Request(scope), _too_slow())(scope, receive, send)
            return
        body: list[Message] = [{"type": "http.request", "body": b"".join(pieces), "more_body": False}]

        async def replay() -> Message:
            return body.pop() if body else await receive()

        await self.app(scope, replay, send)

    async def _streamed(self, scope: Scope, receive: Receive, send: Send) -> None:
        too_slow = started = whole = False

        async def timed_receive() -> Message:
            nonlocal too_slow, whole
            if whole:  # what comes now is the end of the connection, whenever that is
                return await receive()
            try:
                async with asyncio.timeout(self.pause_seconds):
                    message = await receive()
            except TimeoutError:
                too_slow = True
                raise _TooSlowError(_too_slow().detail) from None
            whole = not message.get("more_body", False)
            return message

        async def send_unless_too_slow(message: Message) -> None:
            nonlocal started
            # The application may have made an answer of its own of the broken-off body: ours is the true one.
            if too_slow and not started:
                return
            started = True
            await send(message)

        with contextlib.suppress(_TooSlowError):
            await self.app(scope, timed_receive, send_unless_too_slow)
        if too_slow and not started:
            await self.answer(Request(scope), _too_slow())(scope, receive, send)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _too_slow() -> Problem:
    # The rest of the body is not read, so the connection cannot carry another request.
    return RequestTimeout(
        "The rest of this request did not arrive in time. Nothing was saved; check the connection and try again.",
        headers={"Connection": "close"},
    )
