"""What a route asks for: the transaction, the person, the settings.

`Db` is one transaction a request. Its dependency has function scope, so the commit happens before the response
leaves: an answer of success is a promise that the database has already kept.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.core import history
from app.core.errors import Forbidden, Unauthorized
from app.core.files import FileStore
from app.core.permissions import Permission, Subject
from app.db.session import Database
from app.settings import Settings


class Identify(Protocol):
    """Finds who is behind a request; the accounts room supplies it (app.main wires it in)."""

    def __call__(self, session: Session, request: Request) -> Subject | None: ...


def keep_up(request: Request, session: Session, *, now: bool = False) -> None:
    """See that the settings of the application say what the school's row says; `now` after it was changed."""
    look = getattr(request.app.state, "school", None)
    if look is not None:
        look(session, now=now)


def database_session(request: Request) -> Iterator[Session]:
    """One transaction: committed when the route has returned, rolled back when it raised."""
    with request.app.state.database.begin() as session:
        # Whoever was identified before this transaction began (an upload) is the one who acts in it.
        history.act_as(session, getattr(request.state, "subject", None))
        keep_up(request, session)
        yield session


Db = Annotated[Session, Depends(database_session, scope="function")]


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(settings_of)]


def store_of(request: Request) -> FileStore:
    store: FileStore = request.app.state.files
    return store


FilesDep = Annotated[FileStore, Depends(store_of)]


def optional_subject(request: Request, session: Db) -> Subject | None:
    """The person behind the request, or None. Also kept on `request.state` for the page frame."""
    subject = identified(request, session)
    history.act_as(session, subject)
    return subject


def identified(request: Request, session: Session) -> Subject | None:
    """The person behind the request, asked for once."""
    if not hasattr(request.state, "subject"):
        identify: Identify = request.app.state.identify
        request.state.subject = identify(session, request)
    subject: Subject | None = request.state.subject
    return subject


OptionalSubject = Annotated[Subject | None, Depends(optional_subject, scope="function")]


def current_subject(subject: OptionalSubject) -> Subject:
    """The person behind the request; nobody means 401, which a page turns into the sign-in form."""
    if subject is None:
        raise Unauthorized("You are not signed in, or your session has expired. Sign in and try again.")
    return subject


CurrentSubject = Annotated[Subject, Depends(current_subject, scope="function")]


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(database_of)]
"""For a route that works long and holds a transaction only now and then."""


def brief_subject(request: Request) -> Subject:
    """The person behind the request, asked for in a transaction that is over by then."""
    with database_of(request).begin() as session:
        subject = optional_subject(request, session)
    return current_subject(subject)


BriefSubject = Annotated[Subject, Depends(brief_subject)]


def require_any(*permissions: Permission) -> Callable[[Subject], None]:
    """A dependency that lets those through who have one of these permissions."""

    def permitted(subject: CurrentSubject) -> None:
        if any(subject.may(permission) for permission in permissions):
            return
        if subject.is_student:
            raise Forbidden("This page is for school staff.")
        raise Forbidden("Your duties at the school do not include this. Ask an administrator if you need it.")

    permitted.__permissions__ = permissions  # type: ignore[attr-defined]
    return permitted


def Requires(*permissions: Permission) -> Any:  # noqa: N802 - stands beside FastAPI's Depends
    """For `dependencies=[…]` of a route: refuses before the form is looked at. The service's own check counts."""
    return Depends(require_any(*permissions), scope="function")


def uploading(*permissions: Permission) -> Callable[[Subject], Subject]:
    """A dependency that gives a person with one of these permissions, asked before the body is read.

    Its transaction is over by then: a large file on a slow line takes minutes, the database ends transactions that
    idle so long, and nobody else may fill the disk. Declare it before the form, and `Db` after the form.
    """
    permitted = require_any(*permissions)

    def uploader(subject: BriefSubject) -> Subject:
        permitted(subject)
        return subject

    uploader.__permissions__ = permissions  # type: ignore[attr-defined]
    return uploader


def client_ip(request: Request) -> str | None:
    """The address the request came from, after the trusted proxy's word."""
    return request.client.host if request.client else None
