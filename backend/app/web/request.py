"""What a route asks for: the transaction, the person, the settings.

`Db` is one transaction a request. Its dependency has function scope, so the commit happens before the response
leaves: an answer of success is a promise that the database has already kept.

What only looks at the request is `async`: FastAPI calls anything else in a thread, and each way there and back costs
as much as a statement.

FastAPI takes these apart for each of a thousand routes, with all that they ask for in turn. Therefore they ask for
little, and their signatures are worked out once (`_often`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import iscoroutinefunction, signature
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.core import history, own_rows
from app.core.errors import Forbidden, Unauthorized
from app.core.files import FileStore
from app.core.permissions import Permission, Subject
from app.db.session import REVISION, Database
from app.settings import Settings
from app.web.turns import Turns

_Call = TypeVar("_Call", bound=Callable[..., Any])

READING = frozenset(("GET", "HEAD"))
"""What a student asks for this way is read as the student: see `app.core.own_rows`."""


def _often(call: _Call) -> _Call:
    """Mark what nearly every route asks for: Python is asked for its signature a thousand times, and takes the function
    apart each time if it is not written down.
    """
    call.__signature__ = signature(call, eval_str=True)  # type: ignore[attr-defined]
    return call


class Identify(Protocol):
    """Finds who is behind a request; the accounts room supplies it (app.main wires it in)."""

    def __call__(self, session: Session, request: Request) -> Subject | None: ...


def keep_up(request: Request, session: Session, *, now: bool = False) -> None:
    """See that the settings of the application say what the school's row says; `now` after it was changed."""
    look = getattr(request.app.state, "school", None)
    if look is not None:
        look(session, now=now)


def _behind(request: Request) -> bool:
    look = getattr(request.app.state, "school", None)
    return look is not None and look.due


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


@_often
async def database_session(request: Request) -> AsyncIterator[Session]:
    """One transaction: committed when the route has returned, rolled back when it raised.

    Takes its connection with the first statement, in the thread of whoever makes it, and ends in a thread.
    """
    turns: Turns = request.app.state.turns
    async with turns.one():
        context = database_of(request).begin()
        session = context.__enter__()
        # Whoever was identified before this transaction began (an upload) is the one who acts in it.
        history.act_as(session, getattr(request.state, "subject", None))
        try:
            if _behind(request):
                await run_in_threadpool(keep_up, request, session)
            yield session
        except BaseException as error:
            await run_in_threadpool(context.__exit__, type(error), error, error.__traceback__)
            raise
        if session.in_transaction():
            await run_in_threadpool(context.__exit__, None, None, None)
        else:  # committed by the route: nothing here waits for the database
            context.__exit__(None, None, None)


Db = Annotated[Session, Depends(database_session, scope="function")]


def commits_itself(route: APIRoute) -> None:
    """Let a route that answers with a response commit in the thread in which it worked, instead of entering another.

    It is the same moment: nothing stands between such a route and the end of its transaction. What FastAPI still has
    to write down (a schema) may fail, and is written down before the commit, as ever.
    """
    call = route.dependant.call
    name = next((one.name for one in route.dependant.dependencies if one.call is database_session), None)
    if call is None or name is None or iscoroutinefunction(call) or hasattr(call, "__wrapped__"):
        return

    @wraps(call)
    def answered(**values: Any) -> Any:
        found = call(**values)
        if isinstance(found, Response):
            values[name].commit()
        return found

    route.dependant.call = answered


@_often
async def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(settings_of)]


@_often
async def store_of(request: Request) -> FileStore:
    store: FileStore = request.app.state.files
    return store


FilesDep = Annotated[FileStore, Depends(store_of)]


@_often
def optional_subject(request: Request, session: Db) -> Subject | None:
    """The person behind the request, or None. Also kept on `request.state` for the page frame."""
    subject = identified(request, session)
    history.act_as(session, subject)
    keep_up(request, session)
    if (student_id := _reads_as(request, subject)) is not None:
        own_rows.limit_to(session, student_id)
    return subject


def _reads_as(request: Request, subject: Subject | None) -> int | None:
    """The student whose rows alone the request reads; None for everybody else, and for what is sent."""
    settings: Settings = request.app.state.settings
    limited = settings.student_role and subject is not None and subject.is_student
    if not limited or subject is None or request.method not in READING:
        return None
    # What the database refuses to such a request may be somebody's attempt; else it is a fault of the setup.
    request.state.own_rows = True
    return subject.user_id


def identified(request: Request, session: Session) -> Subject | None:
    """The person behind the request, asked for once."""
    if not hasattr(request.state, "subject"):
        identify: Identify = request.app.state.identify
        request.state.subject = identify(session, request)
        request.state.school_revision = session.info.get(REVISION)
    elif (number := getattr(request.state, "school_revision", None)) is not None:
        # Read a moment ago, by the transaction that asked whether the person searches too often.
        session.info.setdefault(REVISION, number)
    subject: Subject | None = request.state.subject
    return subject


OptionalSubject = Annotated[Subject | None, Depends(optional_subject, scope="function")]


@_often
def current_subject(request: Request, session: Db) -> Subject:
    """The person behind the request; nobody means 401, which a page turns into the sign-in form.

    A route that asks for this one does not ask for `optional_subject` as well.
    """
    return _somebody(optional_subject(request, session))


def _somebody(subject: Subject | None) -> Subject:
    if subject is None:
        raise Unauthorized("You are not signed in, or your session has expired. Sign in and try again.")
    return subject


CurrentSubject = Annotated[Subject, Depends(current_subject, scope="function")]


class _OwnRows(Database):
    """A database whose transactions see the rows of one student: of the one who asks, once that is known."""

    def __init__(self, whole: Database, request: Request) -> None:
        self._whole, self._request = whole, request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    @property
    def direct(self) -> Engine:
        return self._whole.direct

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self._whole.begin() as session:
            self._limit(session)
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        with self._whole.snapshot() as session:
            self._limit(session)
            yield session

    def _limit(self, session: Session) -> None:
        student_id = _reads_as(self._request, getattr(self._request.state, "apart", None))
        if student_id is not None:
            own_rows.limit_to(session, student_id)


@_often
async def database_asked_for(request: Request) -> Database:
    settings: Settings = request.app.state.settings
    whole = database_of(request)
    return _OwnRows(whole, request) if settings.student_role and request.method in READING else whole


DatabaseDep = Annotated[Database, Depends(database_asked_for)]
"""For a route that works long and holds a transaction only now and then."""


@_often
def brief_subject(request: Request) -> Subject:
    """The person behind the request, asked for in a transaction that is over by then."""
    with database_of(request).begin() as session:
        subject = optional_subject(request, session)
    # A link that was sent to somebody opens for whoever has it: such a route asks for nobody this way.
    request.state.apart = subject
    return _somebody(subject)


BriefSubject = Annotated[Subject, Depends(brief_subject)]


def _require_any(subject: Subject, permissions: tuple[Permission, ...]) -> None:
    if any(subject.may(permission) for permission in permissions):
        return
    if subject.is_student:
        raise Forbidden("This page is for school staff.")
    raise Forbidden("Your duties at the school do not include this. Ask an administrator if you need it.")


@cache
def require_any(*permissions: Permission) -> Callable[[Subject], Awaitable[None]]:
    """A dependency that lets those through who have one of these permissions: the same one for the same permissions."""

    @_often
    async def permitted(subject: CurrentSubject) -> None:
        _require_any(subject, permissions)

    permitted.__permissions__ = permissions  # type: ignore[attr-defined]
    return permitted


def Requires(*permissions: Permission) -> Any:  # noqa: N802 - stands beside FastAPI's Depends
    """For `dependencies=[…]` of a route: refuses before the form is looked at. The service's own check counts."""
    return Depends(require_any(*permissions), scope="function")


def uploading(*permissions: Permission) -> Callable[[Subject], Awaitable[Subject]]:
    """A dependency that gives a person with one of these permissions, asked before the body is read.

    Its transaction is over by then: a large file on a slow line takes minutes, the database ends transactions that
    idle so long, and nobody else may fill the disk. Declare it before the form, and `Db` after the form.
    """

    @_often
    async def uploader(subject: BriefSubject) -> Subject:
        _require_any(subject, permissions)
        return subject

    uploader.__permissions__ = permissions  # type: ignore[attr-defined]
    return uploader


def client_ip(request: Request) -> str | None:
    """The address the request came from, after the trusted proxy's word."""
    return request.client.host if request.client else None
