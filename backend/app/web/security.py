"""What stands between the network and every route: request ids, security headers, cross-site and size checks.

Pure ASGI, so that streamed answers stay streamed. `protect` puts the layers on in their order.
"""

import contextlib
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import Forbidden, Problem, TooLarge
from app.settings import Settings
from app.web.assets import inline_hash
from app.web.compression import Compression
from app.web.head_requests import HeadAsGet
from app.web.path_patterns import path_pattern
from app.web.request_bodies import BodyTime

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
Answer = Callable[[Request, Problem], Response]
"""How a problem becomes an answer: the one error handler's way."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Gives each request an id: the caller's `X-Request-ID` when it is a sane one, else a new one.

    The id goes back in the answer, into `request.state.request_id` and, with the caller's address, onto every log
    line of the request and into the audit trail. Of two around each other the outer one counts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "request_id" in scope.get("state", ()):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        # What the audit trail keeps of where a change came from.
        client = scope.get("client")
        with structlog.contextvars.bound_contextvars(request_id=request_id, ip=client[0] if client else None):
            await self.app(scope, receive, send_with_id)


class SecurityHeaders:
    """Puts headers on every answer. One that a route, or a layer further in, has set itself stays."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def bare_headers(settings: Settings) -> dict[str, str]:
    """What no answer leaves without, whichever application made it: it runs nothing, stands in no frame of others,
    and is kept nowhere."""
    headers = {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    if settings.secure_cookies:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def page_headers(settings: Settings) -> dict[str, str]:
    """What a page of ours may do. Pages hold people's records, so nothing is kept by a browser or proxy unless the
    route says so."""
    policy = {
        "default-src": "'self'",
        # The one script that stands in the pages: it chooses the theme before anything is painted.
        "script-src": f"'self' {inline_hash('theme.js')}",
        "img-src": "'self' data:",
        "frame-src": settings.content_origin,
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return bare_headers(settings) | {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


class CrossSiteCheck:
    """Refuses requests that change something and that another site made a browser send.

    Browsers say where a request comes from: `Sec-Fetch-Site`, before that `Origin`. A request with neither is no
    browser's, so it carries no cookie against its user's will. A bearer token is never sent by a browser of
    itself, so requests with one and without a cookie pass from anywhere. The method is that of Go's
    `http.CrossOriginProtection`; a sibling sub-domain counts as another site, because the content host may be one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        origin: str,
        answer: Answer,
        exempt: Iterable[str] = (),
        note: Callable[[Request], None] | None = None,
    ) -> None:
        """`note` puts a refusal on record; it may take its time."""
        self.app = app
        self.note = note
        self.answer = answer
        self.origin = origin
        self.exempt = tuple(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not self._allowed(scope):
            problem = Forbidden(
                "This request came from another site, so it was refused and nothing was changed. "
                "Open the page in this site and try again."
            )
            if self.note is not None:
                await run_in_threadpool(self.note, Request(scope))
            await self.answer(Request(scope), problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        if within(scope["path"], self.exempt):
            return True
        headers = Headers(scope=scope)
        if headers.get("authorization", "").lower().startswith("bearer ") and "cookie" not in headers:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return True
        return origin == self.origin or _host_of(origin) == headers.get("host")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


class _BodyTooLargeError(TooLarge):
    """Ends the reading of a body; never leaves BodyLimit. A known problem, so that nobody logs it as a fault."""


class BodyLimit:
    """Answers 413 to a request body over the limit: by its declared length before reading, else while it comes.

    `uploads` maps path prefixes to higher limits; the longest matching prefix counts. A path prefix matches whole
    segments, and a `*` in it any one segment. Name the addresses that take files and no more: other routes below
    them would read as much into memory, before anyone has been asked to sign in.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, answer: Answer, uploads: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.answer = answer
        self.limit = limit
        self.uploads = {
            path_pattern(prefix): allowed
            for prefix, allowed in sorted((uploads or {}).items(), key=lambda item: -len(item[0]))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        problem = _too_large(limit)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            await self.answer(Request(scope), problem)(scope, receive, send)
            return

        received = 0
        exceeded = started = False

        async def counted_receive() -> Message:
            nonlocal received, exceeded
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    exceeded = True
                    raise _BodyTooLargeError(problem.detail)
            return message

        async def send_unless_exceeded(message: Message) -> None:
            nonlocal started
            # The application may have made an answer of its own of the broken-off body: ours is the true one.
            if exceeded and not started:
                return
            started = True
            await send(message)

        with contextlib.suppress(_BodyTooLargeError):
            await self.app(scope, counted_receive, send_unless_exceeded)
        if exceeded and not started:
            await self.answer(Request(scope), problem)(scope, receive, send)

    def _limit(self, path: str) -> int:
        return next(
            (allowed for prefix, allowed in self.uploads.items() if prefix.fullmatch(path)), self.limit
        )


def within(path: str, prefixes: Iterable[str]) -> bool:
    """Whether `path` is one of the prefixes or lies below one: `/content` holds `/content/x`, not `/contents`."""
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{max(1, limit // 1024)} KB"
    # The rest of the body is not read, so the connection cannot carry another request.
    return TooLarge(
        f"This request is larger than the {size} allowed here. Nothing was saved.",
        headers={"Connection": "close"},
    )


def protect(
    app: FastAPI,
    settings: Settings,
    *,
    answer: Answer,
    uploads: Mapping[str, int] | None = None,
    exempt: Iterable[str] = (),
    refused: Callable[[Request], None] | None = None,
) -> None:
    """Put all layers around `app`, the request id outermost.

    They go around Starlette's own stack and not into it with `add_middleware`: the page for an unforeseen error
    is made outside of that place and would leave without the headers.
    """
    build = app.build_middleware_stack

    def build_protected() -> ASGIApp:
        inner: ASGIApp = HeadAsGet(Compression(build()))
        inner = BodyTime(inner, answer=answer, streamed=uploads or ())
        inner = BodyLimit(inner, limit=settings.max_body_bytes, answer=answer, uploads=uploads)
        inner = CrossSiteCheck(inner, origin=settings.app_origin, answer=answer, exempt=exempt, note=refused)
        inner = SecurityHeaders(inner, page_headers(settings))
        return RequestId(inner)

    app.build_middleware_stack = build_protected  # type: ignore[method-assign]
