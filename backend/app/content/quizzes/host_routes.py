"""The quiz of a lesson on the content host: a launch’s token in the address says whose it is."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.content.quizzes import service
from app.content.quizzes.schemas import AnswerIn, SubmitIn
from app.core.errors import BadRequest, Forbidden, Invalid, Problem, TooLarge, Unavailable
from app.core.files import FileMissing, FileStore
from app.db.session import Database
from app.settings import Settings
from app.web.errors import problem_of, refused_by_database, waited_too_long

log = structlog.get_logger(__name__)
M = TypeVar("M", bound=BaseModel)
MOST_BYTES = 64 * 1024
Json = dict[str, Any]


def quiz_routes(settings: Settings, database: Database, files: FileStore) -> list[Route]:
    """The addresses below a launch’s own."""
    quiz = _Quiz(settings, database, files)
    return [
        Route("/p/{token}/quiz", quiz.state, methods=["GET"]),
        Route("/p/{token}/quiz/start", quiz.start, methods=["POST"]),
        Route("/p/{token}/quiz/answer", quiz.answer, methods=["POST"]),
        Route("/p/{token}/quiz/submit", quiz.submit, methods=["POST"]),
        Route("/p/{token}/quiz/pictures/{version:int}", quiz.picture, methods=["GET"]),
    ]


class _Quiz:
    def __init__(self, settings: Settings, database: Database, files: FileStore) -> None:
        self.settings, self.database, self.files = settings, database, files

    async def state(self, request: Request) -> Response:
        return await self._answered(request, service.state)

    async def start(self, request: Request) -> Response:
        return await self._answered(request, service.start, posted=True)

    async def answer(self, request: Request) -> Response:
        return await self._taken(request, AnswerIn, service.answer)

    async def submit(self, request: Request) -> Response:
        return await self._taken(request, SubmitIn, service.submit)

    def picture(self, request: Request) -> Response:
        """The picture of a question."""
        token, version = request.path_params["token"], request.path_params["version"]
        with self.database.begin() as session:
            sha256, kind = service.picture_of(session, token, min(version, 2**31 - 1))
        try:
            content = self.files.read_bytes(sha256)
        except FileMissing as error:
            raise Unavailable("The picture is missing. Contact the school office.") from error
        return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})

    async def _taken(
        self, request: Request, model: type[M], act: Callable[[Session, str, M], Json]
    ) -> Response:
        async def read() -> Callable[[Session, str], Json]:
            sent = _checked(model, await _body(request))
            return lambda session, token: act(session, token, sent)

        try:
            return await self._answered(request, await read(), posted=True)
        except Problem as problem:
            return _refused(problem)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _answered(
        self, request: Request, act: Callable[[Session, str], Json], *, posted: bool = False
    ) -> Response:
        token = request.path_params["token"]

        def work() -> Json:
            with self.database.begin() as session:
                return act(session, token)

        try:
            # Only the player page asks: a page elsewhere that knew the address could not change anything.
            if posted and request.headers.get("origin") != self.settings.content_origin:
                raise Forbidden("This request did not come from the player.")
            found = await run_in_threadpool(work)
        except Problem as problem:
            return _refused(problem)
        except (SQLAlchemyError, psycopg.Error) as error:
            passing = refused_by_database(request, error) or waited_too_long(error)
            known = None if passing else problem_of(error)
            known = known or Unavailable("Not saved: the school’s server is having trouble. Retrying.")
            log.error("quiz not saved", reason=known.detail, error=str(getattr(error, "orig", error))[:300])
            return _refused(known)
        return JSONResponse(found, headers={"Cache-Control": "no-store"})


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge(f"The answer is larger than {MOST_BYTES // 1024} KB.")
    return bytes(body)


def _checked(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate(json.loads(body))
    except ValidationError as error:
        fields = ", ".join(dict.fromkeys(".".join(map(str, e["loc"])) or "body" for e in error.errors()))
        raise Invalid(
            f"The player sent an answer that is not valid: {fields[:200]}. Load the lesson again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest("The player sent something that is not JSON. Load the lesson again.") from error


def _refused(problem: Problem) -> JSONResponse:
    return JSONResponse({"detail": problem.detail, "slug": problem.slug}, problem.status)
