"""One's own account: name, password, sessions, tokens."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.accounts import passwords, policy
from app.accounts.access import links, service
from app.accounts.access.browser_names import browser_name
from app.accounts.duties import service as duties
from app.accounts.schemas import ChangePasswordForm, TokenForm
from app.accounts.tokens import service as tokens
from app.core.errors import Problem
from app.core.permissions import Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import GENERAL, Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)


def account_page(
    request: Request,
    session: Db,
    subject: Subject,
    settings: Settings,
    *,
    password_form: Form[ChangePasswordForm] | None = None,
    token_form: Form[TokenForm] | None = None,
    new_token: str | None = None,
    status_code: int = 200,
) -> Response:
    return render(
        request,
        "accounts/account.html",
        status_code,
        password_form=password_form or Form.blank(ChangePasswordForm),
        token_form=token_form or Form.blank(TokenForm, lifetime_days=90),
        new_token=new_token,
        sessions=service.list_sessions(session, subject, settings),
        tokens=tokens.list_tokens(session, subject),
        browser_name=browser_name,
        duties=duties.own_duties(session, subject),
        lines=[
            line for line in duties.list_duties(session, subject, settings, subject.user_id) if line.can_end
        ],
        manages_all=policy.may_manage(subject),
        changed=request.query_params.get("changed") == "password",
        fewest=passwords.fewest_characters(session),
    )


@router.get("/account")
def account(request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    return account_page(request, session, subject, settings)


@router.post("/account/password")
def change_password(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ChangePasswordForm], Depends(posted(ChangePasswordForm))],
) -> Response:
    def again() -> Response:
        return account_page(request, session, subject, settings, password_form=form)

    if form.values is not None:
        problem = links.confirm(session, settings, subject, form.values.current_password)
        if problem is not None:
            return _refused(form, problem, again)

    def change(values: ChangePasswordForm) -> Response:
        links.change_password(session, settings, subject, values.new_password)
        return redirect("/account", changed="password")

    return form.submit(session, change, again)


@router.post("/account/sessions/others/revoke")
def revoke_other_sessions(session: Db, subject: CurrentSubject) -> Response:
    service.revoke_other_sessions(session, subject)
    return redirect("/account")


@router.post("/account/sessions/{session_id}/revoke")
def revoke_session(session: Db, subject: CurrentSubject, session_id: PathId) -> Response:
    service.revoke_session(session, subject, session_id)
    return redirect("/account")


@router.post("/account/tokens")
def create_token(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[TokenForm], Depends(posted(TokenForm))],
) -> Response:
    def create(values: TokenForm) -> Response:
        _token, clear = tokens.create_token(session, subject, values.name, values.lifetime_days)
        # Answered at once and not by a redirect: the token is shown this one time only.
        return account_page(request, session, subject, settings, new_token=clear)

    return form.submit(
        session, create, lambda: account_page(request, session, subject, settings, token_form=form)
    )


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(session: Db, subject: CurrentSubject, token_id: PathId) -> Response:
    tokens.revoke_token(session, subject, token_id)
    return redirect("/account")


def _refused(form: Form[ChangePasswordForm], problem: Problem, again: Callable[[], Response]) -> Response:
    """The form with what is wrong, returned and not raised, so that the attempt stays on record."""
    for item in problem.errors:
        form.add_error(item.field, item.message)
    if not problem.errors:
        form.add_error(GENERAL, problem.detail)
    response = again()
    response.status_code = problem.status
    response.headers.update(problem.headers)
    return response
