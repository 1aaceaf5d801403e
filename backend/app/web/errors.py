"""The one place where errors become answers: a problem document (RFC 9457) for programs, a page for people."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from psycopg import errors as pg
from sqlalchemy import exc as sa_exc
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.core.constraints import explain
from app.core.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    OutOfScope,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from app.core.permissions import Subject
from app.core.proof import FactorRequired, ProofRequired
from app.db.ready import statement_of
from app.web import refusals
from app.web.render import redirect, render

log = structlog.get_logger(__name__)

AskProof = Callable[[Request, Problem], Response]
"""Asks a person to prove who they are, and goes on with the request; the accounts room supplies it (app.main)."""
SET_UP_FACTOR = "/account/factors"

DATABASE_DOWN = (
    "The database does not answer. Nothing was changed; please try again in a minute. The system "
    "recovers automatically when the database is back."
)
_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    503: Unavailable,
}
_SENTENCES = {
    404: "There is no page at this address, or you don’t have access to it. Check the address or go back.",
    405: "This address does not accept that kind of request.",
}


def install(app: FastAPI) -> None:
    """Register the handlers for every error a request may end in."""
    app.add_exception_handler(Exception, _unexpected)
    app.add_exception_handler(ClientDisconnect, _left)
    for kind in (
        Problem,
        HTTPException,
        RequestValidationError,
        sa_exc.SQLAlchemyError,
        pg.Error,
        RecursionError,
    ):
        app.add_exception_handler(kind, _known)


def _known(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        return _unexpected(request, error)
    if isinstance(problem, Unavailable):
        log.error("unavailable", reason=str(error))
    refused = refused_by_database(request, error)
    if refused and not getattr(request.state, "own_rows", False):
        # A right that the system's own role lacks is a fault of the setup, and nobody's attempt.
        return _unexpected(request, error)
    problem = _within_scope(request, problem)
    refusals.note(request, problem)
    return answer(request, problem)


def _within_scope(request: Request, problem: Problem) -> Problem:
    """The problem; or that an API token was not given what the request needed, which its owner has."""
    subject: Subject | None = getattr(request.state, "subject", None)
    if subject is None or not subject.withheld or problem.status not in (403, 404):
        return problem
    missing = ", ".join(sorted(subject.withheld))
    return OutOfScope(
        f"This API token was not given what this needs: {missing}. Nothing was changed. Create a token with that "
        "permission under Your account.",
        headers={
            "WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{missing.replace(",", "")}"'
        },
    )


def _of_database(error: Exception) -> pg.Error | None:
    """What the database itself said, whether SQLAlchemy passed it on or not."""
    original = error.orig if isinstance(error, sa_exc.DBAPIError) else error
    return original if isinstance(original, pg.Error) else None


def refused_by_database(request: Request, error: Exception) -> bool:
    """Whether a route asked for what the database keeps from its role; then it is noted.

    It is a fault of the route or of the setup, or somebody’s attempt.
    """
    original = _of_database(error)
    if not isinstance(original, pg.InsufficientPrivilege):
        return False
    statement = error.statement if isinstance(error, sa_exc.DBAPIError) else statement_of(error)
    log.error(
        "database.refused",
        method=request.method,
        route=getattr(request.scope.get("route"), "path", None),
        reason=original.diag.message_primary,
        # The text alone: the values are people's names and addresses.
        statement=" ".join((statement or "").split())[:500],
    )
    return True


def _left(_request: Request, _error: Exception) -> Response:
    """The client left in the middle of its request: nobody reads the answer, and it is no fault of ours."""
    return Response(status_code=400)


def _unexpected(request: Request, error: Exception) -> Response:
    # The route, not the address as it was typed: one-time links have their secret in it.
    route = getattr(request.scope.get("route"), "path", None)
    log.error("unexpected error", method=request.method, route=route, exc_info=error)
    return answer(
        request,
        Problem(
            "Something went wrong on our end. Nothing was changed. The error has been logged; if it happens "
            "again, contact the school office."
        ),
    )


_HELD = (pg.LockNotAvailable, pg.SerializationFailure, pg.DeadlockDetected)


def problem_of(error: Exception) -> Problem | None:
    """Translate any expected exception; None for one nobody expected."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _validation(error.errors())
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, RecursionError):
        return BadRequest("The input is nested too deeply.")
    if isinstance(error, sa_exc.TimeoutError):
        return Unavailable("The system is very busy. Nothing was changed; please try again in a moment.")
    original = _of_database(error)
    return None if original is None else _database(original)


def waited_too_long(error: Exception) -> bool:
    """Whether somebody else held what the statement needed: the same, sent again, may well succeed."""
    return isinstance(_of_database(error), _HELD)


def _database(error: pg.Error) -> Problem | None:
    name = error.diag.constraint_name
    match error:
        case pg.IntegrityError():
            return explain(name) or Conflict("This conflicts with existing records. Nothing was changed.")
        case pg.DataError():
            return Invalid("A value is too long, out of range or of the wrong type. Nothing was changed.")
        case _ if isinstance(error, _HELD):
            return Conflict(
                "Someone else is changing the same record. Nothing was changed; please try again."
            )
        case pg.InsufficientPrivilege():
            return Forbidden(
                "The database does not show you this. Nothing was changed. If you need it, contact the school office."
            )
        # A server that was the primary until just now refuses to write.
        case pg.OperationalError() | pg.InterfaceError() | pg.ReadOnlySqlTransaction():
            return Unavailable(DATABASE_DOWN, headers={"Retry-After": "10"})
    return None


def _validation(items: Sequence[Any]) -> Problem:
    if any(item["type"] == "json_invalid" for item in items):
        return BadRequest("The body is not valid JSON.")
    errors = [
        FieldError(".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), _message(item))
        for item in items
    ]
    if all(item["loc"][0] == "path" for item in items):
        return NotFound(_SENTENCES[404])
    fields = ", ".join(dict.fromkeys(error.field for error in errors))
    return Invalid(f"These fields are missing or not valid: {fields}. Nothing was changed.", errors=errors)


def _message(item: Any) -> str:
    text = str(item["msg"]).removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."


def _http(error: HTTPException) -> Problem:
    kind = _BY_STATUS.get(error.status_code)
    sentence = _SENTENCES.get(error.status_code) or f"{error.detail}".rstrip(".") + "."
    if kind is None:
        kind = BadRequest if error.status_code < 500 else Unavailable
    return kind(sentence, headers=error.headers)


def wants_page(request: Request) -> bool:
    """Whether a person reads the answer: everything but the programs' addresses."""
    path = request.url.path
    return not (
        path.startswith(("/api/", "/xapi")) or path in ("/healthz", "/readyz", "/metrics", "/openapi.json")
    )


def answer(request: Request, problem: Problem) -> Response:
    """The problem as a page, as a redirect to the sign-in form, or as a problem document."""
    headers = dict(problem.headers)
    if not wants_page(request):
        if isinstance(problem, Unauthorized):
            headers.setdefault("WWW-Authenticate", "Bearer")
        return JSONResponse(
            document(request, problem),
            status_code=problem.status,
            headers=headers,
            media_type="application/problem+json",
        )
    if isinstance(problem, Unauthorized):
        target = "/sign-in"
        if request.method in ("GET", "HEAD") and request.url.path != "/":
            query = f"?{request.url.query}" if request.url.query else ""
            target += f"?next={quote(request.url.path + query, safe='')}"
        return RedirectResponse(target, status_code=303)
    if isinstance(problem, ProofRequired) and _in_session(request):
        ask: AskProof = request.app.state.ask_proof
        return ask(request, problem)
    if isinstance(problem, FactorRequired):
        return redirect(SET_UP_FACTOR)
    page = render(
        request,
        "error.html",
        status_code=problem.status,
        problem=problem,
        reason=HTTPStatus(problem.status).phrase,
        request_id=getattr(request.state, "request_id", None),
    )
    page.headers.update(headers)
    return page


def _in_session(request: Request) -> bool:
    subject: Subject | None = getattr(request.state, "subject", None)
    return subject is not None and subject.session_id is not None


def document(request: Request, problem: Problem) -> dict[str, object]:
    """The fields of RFC 9457, with the request's id and the fields at fault."""
    body: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        **problem.extra,
    }
    if problem.errors:
        body["errors"] = [{"field": item.field, "message": item.message} for item in problem.errors]
    if (request_id := getattr(request.state, "request_id", None)) is not None:
        body["request_id"] = request_id
    return body
