"""Pages of the second step, of signing in with a passkey, and of proving once more who is there."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.access.pages import VisitorDep, local_path, sign_in_page, welcome
from app.accounts.cookies import WAITING, clear_waiting
from app.accounts.factors.entry import service
from app.accounts.factors.entry.service import Ways
from app.accounts.factors.schemas import AskedProofForm, PasskeySignInForm, ProofForm, SecondStepForm
from app.accounts.schemas import SignInForm
from app.core.errors import NotFound, Problem
from app.core.permissions import Subject
from app.db.models import User
from app.web.forms import GENERAL, Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep, database_of

router = APIRouter(include_in_schema=False)
OWN_FIELDS = frozenset(ProofForm.model_fields)

# The second step


@router.get("/sign-in/second-step")
def second_step_form(request: Request, session: Db, next: str = "") -> Response:  # noqa: A002
    found = service.second_step(session, request.cookies.get(WAITING, ""))
    if found is None:
        return redirect("/sign-in", next=local_path(next) if next else None)
    return _second_step_page(request, Form.blank(SecondStepForm, next=next), *found)


@router.post("/sign-in/second-step")
def second_step(
    request: Request,
    session: Db,
    settings: SettingsDep,
    visitor: VisitorDep,
    form: Annotated[Form[SecondStepForm], Depends(posted(SecondStepForm))],
) -> Response:
    secret = request.cookies.get(WAITING, "")
    found = service.second_step(session, secret)
    if found is None:
        return _start_again(request, form.text("next"))
    if form.values is None:
        return _second_step_page(request, form, *found, status=422)
    entered = service.finish(session, settings, secret, form.values.code, visitor)
    if isinstance(entered, NotFound):
        return _start_again(request, form.values.next)
    if isinstance(entered, Problem):
        # Answered and not raised, so that the attempt stays on record.
        form.add_error("code", entered.detail)
        page = _second_step_page(request, form, *found, status=entered.status)
        page.headers.update(entered.headers)
        return page
    response = welcome(settings, entered, local_path(form.values.next))
    clear_waiting(settings, response)
    return response


@router.post("/sign-in/passkey/options")
def sign_in_options(session: Db, settings: SettingsDep) -> dict[str, Any]:
    return service.passkey_options(session, settings)


@router.post("/sign-in/passkey")
def sign_in_by_passkey(
    request: Request,
    session: Db,
    settings: SettingsDep,
    visitor: VisitorDep,
    form: Annotated[Form[PasskeySignInForm], Depends(posted(PasskeySignInForm))],
) -> Response:
    target = local_path(form.text("next"))
    again: Form[SignInForm] = Form.blank(SignInForm, next=target)
    if form.values is None:
        again.add_error(GENERAL, "The browser’s answer could not be read. Please try again.")
        return sign_in_page(request, again, 422)
    entered = service.sign_in_by_passkey(session, settings, form.values.answer, visitor)
    if isinstance(entered, Problem):
        again.add_error(GENERAL, entered.detail)
        return sign_in_page(request, again, entered.status)
    response = welcome(settings, entered, target)
    clear_waiting(settings, response)
    return response


def _start_again(request: Request, target: str) -> Response:
    form: Form[SignInForm] = Form.blank(SignInForm, next=local_path(target))
    form.add_error(GENERAL, service.SECOND_STEP_OVER)
    return sign_in_page(request, form, 410)


def _second_step_page(
    request: Request, form: Form[SecondStepForm], user: User, ways: Ways, *, status: int = 200
) -> Response:
    form.data["code"] = []
    return render(request, "accounts/second_step.html", status, form=form, person=user, ways=ways)


# Proving once more


def ask_proof(request: Request, problem: Problem) -> Response:
    """What answers an act that needs a proof: the question, and after it the act goes on with what was typed.

    A page that was asked for is asked for again. A form that was sent is sent again by the browser itself, which a
    redirect of 307 makes it do: nothing of it is kept here in between.
    """
    if request.method in ("GET", "HEAD"):
        query = f"?{request.url.query}" if request.url.query else ""
        return redirect("/prove", next=request.url.path + query)
    typed: list[tuple[str, str]] = getattr(request.state, "typed", [])
    form = Form.blank(ProofForm, proof_target=request.url.path, proof_method="post")
    subject: Subject = request.state.subject
    with database_of(request).begin() as session:
        return _proof_page(request, session, subject, form, typed, problem.status)


@router.get("/prove")
def proof_form(request: Request, session: Db, subject: CurrentSubject, next: str = "") -> Response:  # noqa: A002
    form = Form.blank(ProofForm, proof_target=local_path(next))
    return _proof_page(request, session, subject, form, [])


@router.post("/prove")
def prove(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ProofForm], Depends(posted(ProofForm))],
) -> Response:
    typed = [(name, value) for name, value in request.state.typed if name not in OWN_FIELDS]
    if form.values is None:
        return _proof_page(request, session, subject, form, typed, 422)
    values = form.values
    if values.proof_answer:
        problem = service.prove_by_passkey(session, subject, settings, values.proof_answer)
    else:
        problem = service.prove(session, subject, settings, values.proof_password, values.proof_code)
    if problem is not None:
        _place(form, problem)
        page = _proof_page(request, session, subject, form, typed, problem.status)
        page.headers.update(problem.headers)
        return page
    target = local_path(values.proof_target)
    response = redirect(target)
    if values.proof_method == "post":
        response.status_code = 307
    return response


@router.post("/prove/passkey/options")
def proof_options(session: Db, subject: CurrentSubject, settings: SettingsDep) -> dict[str, Any]:
    return service.proof_options(session, subject, settings)


def _place(form: Form[ProofForm], problem: Problem) -> None:
    places = {"current_password": "proof_password", "code": "proof_code"}
    for item in problem.errors:
        form.add_error(places.get(item.field, GENERAL), item.message)
    if not problem.errors:
        form.add_error(GENERAL, problem.detail)


def _proof_page(
    request: Request,
    session: Session,
    subject: Subject,
    form: Form[ProofForm],
    typed: list[tuple[str, str]],
    status: int = 200,
) -> Response:
    for name in ("proof_password", "proof_code", "proof_answer"):
        form.data[name] = []
    shown = Form(AskedProofForm, form.data)
    shown.errors = form.errors
    return render(
        request,
        "accounts/prove.html",
        status,
        form=shown,
        ways=service.ways(session, subject.user_id),
        typed=typed,
        back=local_path(urlsplit(request.headers.get("referer", "")).path),
    )
