"""The content host: an application of its own for scripts that the school did not write.

It is reached under another host name than the school's pages, so that a course sees none of their cookies and
cannot call them. It knows nobody and reads no cookie: a launch's token in the address opens one package for
one
attempt, for a while. There is nothing else here.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from app.content import package_files, queries
from app.content.content_policy import allowed_hosts, is_allowed, security_policy
from app.content.launches import commits, player_start, sessions, statements
from app.content.packages.media_types import media_type_of
from app.content.player import ASSETS, over_page, player_page, returned_page
from app.content.quizzes.host_routes import quiz_routes
from app.content.runtimes import RUNTIMES, runtime_of
from app.content.schemas import CommitIn
from app.core import clock
from app.core.errors import BadRequest, Forbidden, Invalid, NotFound, Problem, TooLarge, Unavailable
from app.core.files import FileStore, open_store
from app.db.models import Launch
from app.db.session import Database
from app.lrs.service import LrsApp
from app.settings import Settings
from app.web.errors import problem_of, refused_by_database, waited_too_long

log = structlog.get_logger(__name__)

MAX_COMMIT_BYTES = 4 * 1024 * 1024
_LIBRARIES = {name: path for runtime in RUNTIMES.values() for name, path in runtime.libraries.items()}


def create_content_app(
    settings: Settings, database: Database, files: FileStore | None = None, lrs: LrsApp | None = None
) -> Starlette:
    """The application that `app.main` answers requests to the content host with. `lrs`: where content that speaks xAPI
    writes to."""
    store = files or open_store(settings)
    host = _Host(settings, database, store, lrs)
    app = Starlette(
        routes=[
            Route("/p/{token}/player", host.player, methods=["GET"]),
            Route("/p/{token}/files/{path:path}", host.file, methods=["GET"]),
            Route("/p/{token}/kept/files/{path:path}", host.file, methods=["GET"]),
            Route("/p/{token}/fetch", host.fetch, methods=["POST"]),
            Route("/p/{token}/returned", host.returned, methods=["GET"]),
            Mount("/p/{token}/xapi", app=host.statements),
            Route("/p/{token}/alive", host.alive, methods=["POST"]),
            Route("/p/{token}/commit", host.commit, methods=["POST"]),
            *quiz_routes(settings, database, store),
            Route("/p/{token}/vendor/{name:path}", host.library, methods=["GET"]),
        ],
        exception_handlers={
            Problem: host.refused,
            HTTPException: host.refused,
            SQLAlchemyError: host.unavailable,
            psycopg.Error: host.unavailable,  # of a statement that goes to libpq past SQLAlchemy
            Exception: host.failed,
        },
    )
    app.add_middleware(_Headers, values=_headers(settings))
    return app


def _headers(settings: Settings) -> dict[str, str]:
    return {
        "Content-Security-Policy": security_policy(settings),
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
    """The routes, with what they need at hand."""

    def __init__(self, settings: Settings, database: Database, files: FileStore, lrs: LrsApp | None) -> None:
        self.lrs = lrs
        self.settings = settings
        self.database = database
        self.files = files

    def player(self, request: Request) -> Response:
        """The page that holds the run-time and, in a frame, the course."""
        with self.database.begin() as session:
            record = self._open_launch(session, request)
            base = f"/p/{request.path_params['token']}"
            state = player_start.player_state(session, record, self.settings.content_origin + base)
            allowed = allowed_hosts(session)
            sessions.note_use(session, record)
        item = state.item
        boot = {
            "launch": state.launch_id,
            "lesson": state.lesson_id,
            "title": state.title,
            "address": state.address,
            "isSco": item.is_sco,
            "preview": state.preview,
            "lastSeq": state.last_seq,
            "idleSeconds": state.idle_seconds,
            "expiresAt": state.expires_at.isoformat(),
            "appOrigin": self.settings.app_origin,
            "outside": {
                host: pages for host, pages in state.outside.items() if not is_allowed(host, allowed)
            },
            "cmi": state.cmi,
            "allowed": state.allowed,
            "given": state.given,
        }
        runtime = runtime_of(state.standard)
        page = player_page(
            state.title,
            runtime.label,
            boot,
            script=runtime.script,
            stage=runtime.stage(item),
            preview=state.preview,
            review=state.review,
        )
        # Unlike the files, it holds the student's answers so far.
        policy = security_policy(self.settings, allowed)
        return HTMLResponse(page, headers={"Cache-Control": "no-store", "Content-Security-Policy": policy})

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
            session.expunge(found)
            # Asked of the school for pages and workers only: a lesson has hundreds of pictures.
            governed = package_files.is_governed(found)
            policy = security_policy(self.settings, allowed_hosts(session)) if governed else None
            sessions.note_use(session, record)
        base = f"/p/{request.path_params['token']}"
        own_storage = request.url.path.startswith(f"{base}/kept/")
        return package_files.answer(
            request, self.files, found, vendor=f"{base}/vendor", policy=policy, own_storage=own_storage
        )

    def alive(self, request: Request) -> Response:
        """The lesson is open and looked at, though nothing has changed: a film, say."""
        self._from_the_player(request)
        with self.database.begin() as session:
            sessions.note_use(session, self._open_launch(session, request))
        return Response(status_code=204)

    def fetch(self, request: Request) -> Response:
        """The one answer with what content of cmi5 proves itself by (8.2)."""
        with self.database.begin() as session:
            token = request.path_params["token"]
            answer = statements.access(session, token, self.settings.app_origin)
        return JSONResponse(answer, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"})

    def returned(self, request: Request) -> Response:
        """Where content goes when it is done."""
        return HTMLResponse(returned_page(), headers={"Cache-Control": "no-store"})

    async def statements(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The LRS, through the gate of this launch."""
        if self.lrs is None or scope["type"] != "http":
            raise HTTPException(404)
        gate = statements.LaunchGate(self.database, scope["path_params"]["token"])

        async def send_to_content(message: Any) -> None:
            # The content is the school's own page: with this header its browser would ask the student for a password.
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"www-authenticate"]
            await send(message)

        await self.lrs({**scope, "lrs.gate": gate}, receive, send_to_content)

    def _from_the_player(self, request: Request) -> None:
        if request.headers.get("origin") != self.settings.content_origin:
            raise Forbidden("This request did not come from the player.")

    async def commit(self, request: Request) -> Response:
        """What the course reports. The body is JSON whatever its type says: a beacon can only send text."""
        try:
            self._from_the_player(request)
            sent = _commit_of(await _body(request))
            answer = await run_in_threadpool(self._commit, request.path_params["token"], sent)
        except Problem as problem:
            return _commit_refused(problem)
        except (SQLAlchemyError, psycopg.Error) as error:
            # The player takes a conflict as the session's end; what was only held for a while is sent again.
            passing = refused_by_database(request, error) or waited_too_long(error)
            known = None if passing else problem_of(error)
            known = known or Unavailable("Not saved: the school's server is having trouble. Retrying.")
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
        headers = {"Content-Type": media_type_of(name), "Cache-Control": "private, max-age=3600"}
        return FileResponse(path, headers=headers)

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


class _Over(Problem):
    """The token of the address opens nothing, or nothing any more."""

    status, title, slug = 410, "Lesson session ended", "gone"

    def __init__(self, lesson_id: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.lesson_id = lesson_id
        self.reason = None if sentence == sessions.OVER else sentence


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
