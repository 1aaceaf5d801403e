"""One's own account: name, duties, password, and the way to devices and tokens."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.accounts import passwords, policy
from app.accounts.access import links, service
from app.accounts.access.pages import local_path
from app.accounts.duties import service as duties
from app.accounts.schemas import ChangePasswordForm, PurposeForm
from app.accounts.tokens import service as tokens
from app.core.errors import Invalid, Problem
from app.core.permissions import Subject
from app.settings import Settings
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
) -> Response:
    return render(
        request,
        "accounts/account.html",
        password_form=password_form or Form.blank(ChangePasswordForm),
        sessions=len(service.list_sessions(session, subject, settings)),
        tokens=len(tokens.list_tokens(session, subject)),
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


@router.post("/account/purpose")
def choose_purpose(
    session: Db, subject: CurrentSubject, form: Annotated[Form[PurposeForm], Depends(posted(PurposeForm))]
) -> Response:
    if form.values is None:
        raise Invalid("Choose one of the purposes in the list. Nothing was changed.")
    service.choose_purpose(session, subject, form.values.purpose)
    return redirect(local_path(form.values.next))


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
