"""The content host: an application of its own for scripts that the school did not write.

It is reached under another host name than the school's pages, so that a course sees none of their cookies and
cannot call them. It knows nobody and reads no cookie: a launch's token in the address opens one package for
one
attempt, for a while. There is nothing else here.
"""

import json
import math
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.content import queries
from app.content.byte_ranges import Window, window_of
from app.content.launches import commits, player_start, sessions
from app.content.player import ASSETS, over_page, player_page
from app.content.runtimes import RUNTIMES, runtime_of
from app.content.schemas import CommitIn
from app.core import clock
from app.core.errors import BadRequest, Forbidden, Invalid, NotFound, Problem, TooLarge, Unavailable
from app.core.files import FileMissing, FileStore, open_store
from app.db.models import Launch
from app.db.session import Database
from app.settings import Settings
from app.web.errors import problem_of

log = structlog.get_logger(__name__)

MAX_COMMIT_BYTES = 4 * 1024 * 1024
_LIBRARIES = {name: path for runtime in RUNTIMES.values() for name, path in runtime.libraries.items()}


def create_content_app(settings: Settings, database: Database, files: FileStore | None = None) -> Starlette:
    """The application that `app.main` answers requests to the content host with."""
    host = _Host(settings, database, files or open_store(settings))
    app = Starlette(
        routes=[
            Route("/p/{token}/player", host.player, methods=["GET"]),
            Route("/p/{token}/files/{path:path}", host.file, methods=["GET"]),
            Route("/p/{token}/commit", host.commit, methods=["POST"]),
            Route("/p/{token}/vendor/{name}", host.library, methods=["GET"]),
        ],
        exception_handlers={
            Problem: host.refused,
            HTTPException: host.refused,
            SQLAlchemyError: host.unavailable,
            Exception: host.failed,
        },
    )
    app.add_middleware(_Headers, values=_headers(settings))
    return app


def _headers(settings: Settings) -> dict[str, str]:
    policy = (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'self'",
        f"frame-ancestors 'self' {settings.app_origin}",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        # The token is in the path: it must not travel on as a referrer.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


class _Headers:
    """Puts the host's headers on every answer, errors included; takes cookies off every request."""

    def __init__(self, app: Any, values: dict[str, str]) -> None:
        self.app = app
        self.values = [(name.lower().encode(), value.encode()) for name, value in values.items()]

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                missing = [pair for pair in self.values if pair[0] not in present]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class _Host:
    """The four routes, with what they need at hand."""

    def __init__(self, settings: Settings, database: Database, files: FileStore) -> None:
        self.settings = settings
        self.database = database
        self.files = files

    def player(self, request: Request) -> Response:
        """The page that holds the run-time and, in a frame, the course."""
        with self.database.begin() as session:
            record = self._open_launch(session, request)
            state = player_start.player_state(session, record)
            sessions.note_use(session, record)
        item = state.item
        address = f"files/{quote(item.path or '')}"
        if item.query:
            address += f"?{quote(item.query, safe=_KEPT)}"
        if item.fragment:
            address += f"#{quote(item.fragment, safe=_KEPT)}"
        boot = {
            "launch": state.launch_id,
            "lesson": state.lesson_id,
            "title": state.title,
            "address": address,
            "isSco": item.is_sco,
            "preview": state.preview,
            "lastSeq": state.last_seq,
            "idleSeconds": state.idle_seconds,
            "expiresAt": state.expires_at.isoformat(),
            "appOrigin": self.settings.app_origin,
            "cmi": state.cmi,
        }
        label = runtime_of(state.standard).label
        page = player_page(state.title, label, boot, preview=state.preview, review=state.review)
        # Unlike the files, it holds the student's answers so far.
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    def file(self, request: Request) -> Response:
        """One file of the launched package, whole or a part of it."""
        if request.headers.get("service-worker"):
            raise Forbidden("Courses may not install service workers here.")
        path: str = request.path_params["path"]
        with self.database.begin() as session:
            record = self._open_launch(session, request)
            # The database takes no NUL, so no file has one in its name.
            found = None if "\0" in path else queries.package_file(session, record.package_id, path)
            if found is None:
                raise NotFound("There is no such file in this course.")
            sha256, size, media_type = found.sha256, found.size_bytes, found.media_type
            sessions.note_use(session, record)
        headers = {
            "Content-Type": media_type,
            "ETag": f'"{sha256}"',
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, max-age=3600",
        }
        if _matches(request.headers.get("if-none-match"), sha256):
            return Response(status_code=304, headers={k: headers[k] for k in ("ETag", "Cache-Control")})
        window = window_of(request.headers.get("range"), request.headers.get("if-range"), sha256, size)
        if window is None:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        return self._send(request, sha256, window, size, headers)

    def _send(
        self, request: Request, sha256: str, window: Window, size: int, headers: dict[str, str]
    ) -> Response:
        headers["Content-Length"] = str(window.length)
        if window.partial:
            headers["Content-Range"] = f"bytes {window.start}-{window.start + window.length - 1}/{size}"
        status = 206 if window.partial else 200
        if request.method == "HEAD" or window.length == 0:
            return Response(status_code=status, headers=headers)
        try:
            pieces: Iterator[bytes] = self.files.read(sha256, window.start, window.length)
        except FileMissing as error:
            log.error("stored file is missing", sha256=sha256)
            raise Unavailable("A file of this course is missing. Contact the school office.") from error
        return _FileStream(pieces, status, headers)

    async def commit(self, request: Request) -> Response:
        """What the course reports. The body is JSON whatever its type says: a beacon can only send text."""
        try:
            if request.headers.get("origin") != self.settings.content_origin:
                raise Forbidden("This request did not come from the player.")
            sent = _commit_of(await _body(request))
            answer = await run_in_threadpool(self._commit, request.path_params["token"], sent)
        except Problem as problem:
            return _commit_refused(problem)
        except SQLAlchemyError as error:
            known = problem_of(error) or Unavailable(
                "Not saved: the school's server is having trouble. Retrying."
            )
            log.error("commit not saved", reason=known.detail, error=str(getattr(error, "orig", error))[:300])
            return _commit_refused(known)
        except RecursionError:
            return _commit_refused(BadRequest("The course sent a report that is nested too deeply."))
        except ClientDisconnect:
            return Response(status_code=400)
        return JSONResponse(answer)

    def _commit(self, token: str, sent: CommitIn) -> dict[str, Any]:
        with self.database.begin() as session:
            answer = commits.commit(session, token, sent)
        return answer.model_dump()

    def library(self, request: Request) -> Response:
        """The run-time library and the player's own script and style."""
        with self.database.begin() as session:
            self._open_launch(session, request)
        name = request.path_params["name"]
        path = _LIBRARIES.get(name) or ASSETS.get(name)
        if path is None or not path.is_file():
            raise NotFound("There is no such file.")
        return FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})

    def _open_launch(self, session: Any, request: Request) -> Launch:
        record = sessions.find_launch(session, request.path_params["token"])
        if record is None:
            raise _Over(None, sessions.OVER)
        if sessions.is_over(record, clock.now()):
            raise _Over(record.lesson_id, sessions.over_sentence(record))
        return record

    def refused(self, request: Request, error: Exception) -> Response:
        """An error as a small page that says what to do."""
        if isinstance(error, _Over):
            return HTMLResponse(over_page(self.settings, error.lesson_id, error.reason), status_code=410)
        status = error.status_code if isinstance(error, HTTPException) else getattr(error, "status", 500)
        detail = error.detail if isinstance(error, Problem) else "There is nothing at this address."
        return HTMLResponse(over_page(self.settings, None, detail), status_code=status)

    def unavailable(self, request: Request, error: Exception) -> Response:
        log.error("content host: database", error=str(error))
        sentence = "The lesson cannot be loaded right now. Nothing was lost; try again in a minute."
        return HTMLResponse(over_page(self.settings, None, sentence), status_code=503)

    def failed(self, request: Request, error: Exception) -> Response:
        log.error("content host: unexpected error", exc_info=error)
        sentence = "Something went wrong on our end. Everything saved so far is kept; open the lesson again."
        return HTMLResponse(over_page(self.settings, None, sentence), status_code=500)


class _FileStream(StreamingResponse):
    """A streamed file that is let go of also when the browser stops listening half way, as it does with videos."""

    def __init__(self, pieces: Iterator[bytes], status: int, headers: dict[str, str]) -> None:
        super().__init__(pieces, status, headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                close()


class _Over(Problem):
    """The token of the address opens nothing, or nothing any more."""

    status, title, slug = 410, "Lesson session ended", "gone"

    def __init__(self, lesson_id: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.lesson_id = lesson_id
        self.reason = None if sentence == sessions.OVER else sentence


# What may stand in a query or fragment as it is.
_KEPT = "=&/?:@!$'()*+,;%-._~"


def _matches(header: str | None, sha256: str) -> bool:
    return header is not None and any(
        tag.strip().removeprefix("W/") in ("*", f'"{sha256}"') for tag in header.split(",")
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_COMMIT_BYTES:
            raise TooLarge(f"The course sent a report larger than {MAX_COMMIT_BYTES // 1024**2} MB.")
    return bytes(body)


def _commit_of(body: bytes) -> CommitIn:
    try:
        return CommitIn.model_validate(json.loads(body, parse_constant=_no_number, parse_float=_finite))
    except ValidationError as error:
        fields = ", ".join(dict.fromkeys(".".join(map(str, e["loc"])) or "body" for e in error.errors()))
        raise Invalid(f"The course sent a report that is not valid: {fields}.") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest("The course sent a report that is not JSON.") from error


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _commit_refused(problem: Problem) -> Response:
    body = {"result": False, "errorCode": 101, "detail": problem.detail, "slug": problem.slug}
    return JSONResponse(body, problem.status)
