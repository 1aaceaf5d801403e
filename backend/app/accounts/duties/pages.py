"""The page of a person's duties: what they do at the school, since when and until when."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts import policy
from app.accounts.duties import service
from app.accounts.duties.schemas import DutyForm, EndForm
from app.accounts.people import service as people
from app.core import clock
from app.core.permissions import Duty, Permission, Role, Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.ACCOUNTS_READ)]
MANAGES = [Requires(Permission.DUTIES_MANAGE)]


@router.get("/people/{user_id}/duties", dependencies=READS)
def duties(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    return _page(request, session, subject, settings, user_id)


@router.post("/people/{user_id}/duties", dependencies=MANAGES)
def give_duty(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[DutyForm], Depends(posted(DutyForm))],
) -> Response:
    policy.require_give_duties(subject, user_id)

    def give(values: DutyForm) -> Response:
        service.give_duty(session, subject, settings, user_id, **values.model_dump())
        return redirect(f"/people/{user_id}/duties", saved="given")

    return form.submit(session, give, lambda: _page(request, session, subject, settings, user_id, form=form))


@router.get("/people/{user_id}/duties/{duty_id}/end", dependencies=MANAGES)
def ask_end(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    duty_id: PathId,
) -> Response:
    return _end_page(request, session, subject, settings, user_id, duty_id, Form.blank(EndForm))


@router.post("/people/{user_id}/duties/{duty_id}/end", dependencies=MANAGES)
def end_duty(
    request: Request,
    session: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    duty_id: PathId,
    form: Annotated[Form[EndForm], Depends(posted(EndForm))],
) -> Response:
    policy.require_give_duties(subject, user_id)
    service.find_duty(session, subject, settings, user_id, duty_id)

    def end(values: EndForm) -> Response:
        service.end_duty(session, subject, settings, duty_id, **values.model_dump())
        return redirect(f"/people/{user_id}/duties", saved="ended")

    return form.submit(
        session, end, lambda: _end_page(request, session, subject, settings, user_id, duty_id, form)
    )


def _page(
    request: Request,
    session: Session,
    subject: Subject,
    settings: Settings,
    user_id: int,
    *,
    form: Form[DutyForm] | None = None,
) -> Response:
    person = people.get_person(session, subject, user_id)
    return render(
        request,
        "accounts/duties.html",
        person=person,
        lines=service.list_duties(session, subject, settings, user_id),
        held=service.duties_of_people(session, subject, settings, [person])[person.id],
        form=form or Form.blank(DutyForm, starts_on=clock.today(settings.zone)),
        choices=[(duty.value, duty.label) for duty in Duty],
        meanings=[(duty.label, duty.meaning) for duty in Duty],
        may_give=policy.may_give_duties(subject, user_id)
        and person.role is not Role.STUDENT
        and person.deleted_at is None,
        may_manage=policy.may_manage(subject, person.role),
        saved=request.query_params.get("saved", ""),
        breadcrumbs=[("People", "/people"), (person.full_name, None)],
    )


def _end_page(
    request: Request,
    session: Session,
    subject: Subject,
    settings: Settings,
    user_id: int,
    duty_id: int,
    form: Form[EndForm],
) -> Response:
    policy.require_give_duties(subject, user_id)
    person = people.get_person(session, subject, user_id)
    return render(
        request,
        "accounts/duty_end.html",
        person=person,
        line=service.find_duty(session, subject, settings, user_id, duty_id),
        form=form,
        breadcrumbs=[
            ("People", "/people"),
            (person.full_name, f"/people/{user_id}/duties"),
            ("End a duty", None),
        ],
    )
