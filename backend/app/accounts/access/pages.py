"""Pages for getting in and out: sign-in, sign-out, forgotten password, one-time links."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse

from app.accounts import passwords
from app.accounts.access import attempts, links, service
from app.accounts.cookies import clear_cookie, read_cookie, read_known_cookie, set_cookies, set_waiting
from app.accounts.factors.entry import service as entry
from app.accounts.jobs import send_reset
from app.accounts.schemas import ForgotForm, SetPasswordForm, SignInForm
from app.core import jobs
from app.core.errors import NotFound, Problem
from app.core.tokens import hash_token
from app.db.models import User
from app.settings import Settings
from app.web.forms import GENERAL, Form, posted
from app.web.pace import LINKS, MAILS, PUBLIC, Paced
from app.web.render import redirect, render
from app.web.request import Db, OptionalSubject, SettingsDep, client_ip

router = APIRouter(include_in_schema=False)


def visitor_of(request: Request, settings: SettingsDep) -> attempts.Visitor:
    """Where the request comes from."""
    return attempts.Visitor(
        ip=client_ip(request),
        user_agent=request.headers.get("user-agent"),
        old_secret=read_cookie(settings, request),
        known=read_known_cookie(settings, request),
    )


VisitorDep = Annotated[attempts.Visitor, Depends(visitor_of)]


def local_path(path: str) -> str:
    """Where to go after the sign-in: an address of this site, and nothing that a browser reads as another's."""
    ours = path.startswith("/") and path[1:2] not in ("/", "\\") and "\\" not in path
    return path if ours and path.isprintable() and path.isascii() and len(path) <= 2000 else "/"


@router.get("/sign-in", dependencies=[Paced(PUBLIC)])
def sign_in_form(request: Request, subject: OptionalSubject, next: str = "") -> Response:  # noqa: A002
    if subject is not None:
        return redirect(local_path(next))
    return sign_in_page(request, Form.blank(SignInForm, next=local_path(next) if next else ""))


@router.post("/sign-in")
def sign_in(
    request: Request,
    settings: SettingsDep,
    visitor: VisitorDep,
    form: Annotated[Form[SignInForm], Depends(posted(SignInForm))],
) -> Response:
    # Not `Form.submit`: it works in the request's transaction, and sign-in has its own.
    if form.values is None:
        return sign_in_page(request, form, 422)
    values = form.values
    try:
        entered = entry.sign_in(request.app.state.database, settings, values.email, values.password, visitor)
    except Problem as problem:
        if problem.status not in (401, 429):
            raise
        form.add_error(GENERAL, problem.detail)
        page = sign_in_page(request, form, 422 if problem.status == 401 else problem.status)
        page.headers.update(problem.headers)
        return page
    return welcome(settings, entered, local_path(values.next))


@router.post("/sign-out")
def sign_out(session: Db, subject: OptionalSubject, settings: SettingsDep) -> Response:
    if subject is not None:
        service.sign_out(session, subject)
    response = redirect("/sign-in")
    clear_cookie(settings, response)
    return response


@router.get("/forgot", dependencies=[Paced(PUBLIC)])
def forgot_form(request: Request) -> Response:
    return render(request, "accounts/forgot.html", form=Form.blank(ForgotForm), sent_to=None)


@router.post("/forgot", dependencies=[Paced(MAILS)])
def forgot(
    request: Request, session: Db, form: Annotated[Form[ForgotForm], Depends(posted(ForgotForm))]
) -> Response:
    if form.values is None:
        return render(request, "accounts/forgot.html", 422, form=form, sent_to=None)
    # The job looks whether there is such an account: what happens here is the same for every address.
    email = form.values.email
    jobs.enqueue(session, send_reset, email=email, queueing_lock=f"reset:{hash_token(email)}")
    return render(request, "accounts/forgot.html", form=form, sent_to=email)


@router.get("/set-password/{secret}", dependencies=[Paced(LINKS)])
def set_password_form(request: Request, session: Db, secret: str) -> Response:
    # Mail programs look at links before their readers do: looking uses nothing up.
    link = links.look_at(session, secret)
    if link is None:
        return _gone(request)
    return _set_password_page(request, session, Form.blank(SetPasswordForm), link)


@router.post("/set-password/{secret}", dependencies=[Paced(LINKS)])
def set_password(
    request: Request,
    session: Db,
    settings: SettingsDep,
    visitor: VisitorDep,
    secret: str,
    form: Annotated[Form[SetPasswordForm], Depends(posted(SetPasswordForm))],
) -> Response:
    link = links.look_at(session, secret)
    if link is None:
        return _gone(request)

    def use(values: SetPasswordForm) -> Response:
        def enter(session: Session, user: User) -> entry.Entered:
            return entry.enter(session, settings, user, visitor)

        entered = links.set_password(session, settings, secret, values.password, visitor, enter)
        return welcome(settings, entered, "/")

    try:
        return form.submit(
            session,
            use,
            lambda: _set_password_page(request, session, form, link),
        )
    except NotFound:
        return _gone(request)


def sign_in_page(request: Request, form: Form[SignInForm], status: int = 200) -> Response:
    return render(request, "accounts/sign_in.html", status, form=form)


def _set_password_page(
    request: Request, session: Session, form: Form[SetPasswordForm], link: links.OpenLink
) -> Response:
    fewest = passwords.fewest_characters(session)
    return render(request, "accounts/set_password.html", form=form, link=link, fewest=fewest)


def welcome(settings: Settings, entered: entry.Entered, target: str) -> RedirectResponse:
    """To the page that was asked for, with the session's cookie; to the second step where one is needed."""
    if isinstance(entered, entry.Waiting):
        response = redirect("/sign-in/second-step", next=None if target == "/" else target)
        set_waiting(settings, response, entered.secret)
        return response
    response = redirect(target)
    set_cookies(settings, response, entered)
    return response


def _gone(request: Request) -> Response:
    return render(request, "accounts/link_gone.html", 410, sentence=links.GONE)
