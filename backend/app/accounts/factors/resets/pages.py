"""Pages on which administrators agree to remove what somebody has lost."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.factors import policy
from app.accounts.factors.resets import service
from app.accounts.factors.schemas import ResetForm
from app.accounts.people import service as people
from app.core.permissions import Permission, Subject
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.ACCOUNTS_MANAGE, Permission.HISTORY_READ)]
MANAGES = [Requires(Permission.ACCOUNTS_MANAGE)]
PEOPLE = ("People", "/people")
RESETS = ("Resets of second factors", "/people/factor-resets")


@router.get("/people/factor-resets", dependencies=READS)
def resets(request: Request, session: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "accounts/factor_resets.html",
        requests=service.waiting(session, subject),
        decides=policy.may_reset(subject, 0),
        saved=request.query_params.get("saved", ""),
        breadcrumbs=[PEOPLE, (RESETS[0], None)],
    )


@router.post("/people/factor-resets/{reset_id}/approve", dependencies=MANAGES)
def approve(session: Db, subject: CurrentSubject, reset_id: PathId) -> Response:
    service.approve(session, subject, reset_id)
    return redirect("/people/factor-resets", saved="approved")


@router.post("/people/factor-resets/{reset_id}/decline", dependencies=MANAGES)
def decline(session: Db, subject: CurrentSubject, reset_id: PathId) -> Response:
    service.decline(session, subject, reset_id)
    return redirect("/people/factor-resets", saved="declined")


@router.get("/people/{user_id}/factors", dependencies=MANAGES)
def ask_form(request: Request, session: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _ask_page(request, session, subject, user_id, Form.blank(ResetForm))


@router.post("/people/{user_id}/factors", dependencies=MANAGES)
def ask(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[ResetForm], Depends(posted(ResetForm))],
) -> Response:
    def send(values: ResetForm) -> Response:
        service.ask(session, subject, user_id, values.reason)
        return redirect("/people/factor-resets", saved="asked")

    return form.submit(session, send, lambda: _ask_page(request, session, subject, user_id, form))


def _ask_page(
    request: Request, session: Session, subject: Subject, user_id: int, form: Form[ResetForm]
) -> Response:
    held = service.held_by(session, subject, user_id)
    person = people.get_person(session, subject, user_id)
    return render(
        request,
        "accounts/factor_reset_ask.html",
        person=person,
        held=held,
        form=form,
        breadcrumbs=[PEOPLE, (person.full_name, f"/people/{user_id}/edit"), ("Second factor", None)],
    )
