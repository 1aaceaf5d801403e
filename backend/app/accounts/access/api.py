"""JSON routes: session, own account, passwords."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.accounts.access import links, service
from app.accounts.access.pages import VisitorDep
from app.accounts.cookies import clear_cookie, set_cookies
from app.accounts.factors.entry import service as entry
from app.accounts.jobs import send_reset
from app.accounts.people.service import get_person
from app.accounts.schemas import ChangePasswordForm, Email, PasswordInput, PersonOut
from app.accounts.tokens.api import NewTokenOut, TokenIn, make
from app.core import jobs
from app.core.errors import Problem
from app.core.tokens import hash_token
from app.db.models import User
from app.web import errors
from app.web.field_types import Line, PathId
from app.web.pace import LINKS, MAILS, Paced
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["Accounts"])


class SignInIn(BaseModel):
    """Email address and password; with `token`, a bearer token is made instead of a browser session.

    `code` is that of an authenticator app, or a recovery code, for an account with a second factor.
    """

    email: Annotated[Line, Field(max_length=320)]
    password: PasswordInput
    code: Annotated[str, Field(max_length=40)] | None = None
    token: TokenIn | None = None


class SignedInOut(BaseModel):
    """Who is signed in now, and the token if one was asked for.

    `second_factor_required`: the password was set, and nobody is signed in yet.
    """

    user: PersonOut
    token: NewTokenOut | None = None
    second_factor_required: bool = False


class SessionOut(BaseModel):
    """A browser that is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = False


class ForgotIn(BaseModel):
    email: Email


class SetPasswordIn(BaseModel):
    """The last part of a one-time link's address, and the new password."""

    secret: Annotated[str, Field(max_length=200)]
    password: PasswordInput


class Done(BaseModel):
    """What was done, in a sentence."""

    detail: str


@router.post("/session", status_code=201, summary="Sign in, with a cookie or for a bearer token")
def sign_in(
    request: Request, response: Response, settings: SettingsDep, visitor: VisitorDep, given: SignInIn
) -> SignedInOut:
    """Wrong address and wrong password are the same 401. 429 has the seconds to wait in Retry-After.

    An account with a second factor needs `code` too: without one, 401 of the type `second-factor-required`.
    """

    def make_token(session: Session, user: User, wanted: TokenIn) -> SignedInOut:
        owner = service.subject_for(session, settings, user)
        return SignedInOut(user=PersonOut.of(user), token=NewTokenOut.of(*make(session, owner, wanted)))

    def enter(session: Session, user: User) -> SignedInOut | Problem:
        problem = entry.code_beside_password(session, settings, user, given.code)
        if problem is not None:
            return problem
        if given.token is not None:
            return make_token(session, user, given.token)
        set_cookies(settings, response, entry.open_after_code(session, settings, user, visitor))
        return SignedInOut(user=PersonOut.of(user))

    entered = service.authenticate(
        request.app.state.database, settings, given.email, given.password, visitor, enter
    )
    if isinstance(entered, Problem):
        # Raised here and not in the transaction, so that the attempt stays on record.
        raise entered
    return entered


@router.delete("/session", status_code=204, summary="Sign out")
def sign_out(response: Response, session: Db, subject: CurrentSubject, settings: SettingsDep) -> None:
    """Ends the cookie's session. A bearer token is revoked under /tokens instead."""
    service.sign_out(session, subject)
    clear_cookie(settings, response)


@router.get("/me", summary="The signed-in person")
def me(session: Db, subject: CurrentSubject) -> PersonOut:
    return PersonOut.of(get_person(session, subject, subject.user_id))


@router.put("/me/password", status_code=204, response_model=None, summary="Change one's own password")
def change_password(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, given: ChangePasswordForm
) -> Response:
    """All other sessions of the person end."""
    problem = links.confirm(session, settings, subject, given.current_password)
    if problem is not None:
        # Answered and not raised, so that the attempt stays on record.
        return errors.answer(request, problem)
    links.change_password(session, settings, subject, given.new_password)
    return Response(status_code=204)


@router.get("/me/sessions", summary="Where one is signed in")
def sessions(session: Db, subject: CurrentSubject, settings: SettingsDep) -> list[SessionOut]:
    return [
        SessionOut.model_validate(row).model_copy(update={"current": row.id == subject.session_id})
        for row in service.list_sessions(session, subject, settings)
    ]


@router.delete("/me/sessions/{session_id}", status_code=204, summary="End one of one's own sessions")
def revoke_session(session: Db, subject: CurrentSubject, session_id: PathId) -> None:
    service.revoke_session(session, subject, session_id)


@router.post(
    "/password-resets",
    status_code=202,
    summary="Request a link to set a new password",
    dependencies=[Paced(MAILS)],
)
def forgot(session: Db, given: ForgotIn) -> Done:
    """The answer is the same whether the address has an account or not."""
    jobs.enqueue(session, send_reset, email=given.email, queueing_lock=f"reset:{hash_token(given.email)}")
    return Done(detail="If this address has an account, a link is on its way. It works once, within an hour.")


@router.post(
    "/passwords",
    status_code=201,
    summary="Set a password with a one-time link, and sign in",
    dependencies=[Paced(LINKS)],
)
def set_password(
    response: Response, session: Db, settings: SettingsDep, visitor: VisitorDep, given: SetPasswordIn
) -> SignedInOut:
    """An account with a second factor is not signed in by this: POST /session does it, with a code."""

    def enter(session: Session, user: User) -> SignedInOut:
        entered = entry.enter(session, settings, user, visitor)
        if isinstance(entered, entry.Waiting):
            return SignedInOut(user=PersonOut.of(user), second_factor_required=True)
        set_cookies(settings, response, entered)
        return SignedInOut(user=PersonOut.of(user))

    return links.set_password(session, settings, given.secret, given.password, visitor, enter)
