"""Pages of kiosks: the list with its codes for administrators, a student's own PIN."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.attendance.corrections.pages import ATTENDANCE
from app.compliance.attendance.kiosk import policy, service
from app.compliance.attendance.kiosk.schemas import KioskForm, PinForm
from app.compliance.attendance.pages import LISTS, views
from app.core.permissions import Permission, Subject
from app.rules.kiosk import PIN_DIGITS
from app.settings import Settings
from app.web import refusals, shown_once
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("kiosk_id", "kiosks")
LIST = "/attendance/kiosks"
MANAGES = [Requires(Permission.SCHOOL_CHANGE)]


def _list_page(
    request: Request, db: Session, subject: Subject, settings: Settings, form: Form[KioskForm]
) -> Response:
    return render(
        request,
        "attendance/kiosks.html",
        kiosks=service.list_kiosks(db, subject),
        form=form,
        made=shown_once.handed_over(settings, subject, request),
        may_manage=policy.may_manage(subject),
        may_issue_cards=policy.may_issue_cards(subject),
        place=f"{settings.app_origin}/kiosk",
        views=views(request),
        breadcrumbs=[ATTENDANCE, ("Kiosks", None)],
    )


@router.get(LIST, dependencies=LISTS)
def kiosks(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """Every kiosk; after one was added, the code to register a tablet with."""
    page = _list_page(request, db, subject, settings, Form.blank(KioskForm))
    shown_once.forget(settings, page)
    return page


@router.post(LIST, dependencies=MANAGES)
def add(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[KioskForm], Depends(posted(KioskForm))],
) -> Response:
    """Add a kiosk, and show its code once."""

    def act(values: KioskForm) -> Response:
        kiosk, code = service.add_kiosk(db, subject, values)
        return _show_code(settings, subject, kiosk.name, code)

    return form.submit(db, act, again=lambda: _list_page(request, db, subject, settings, form))


@router.post(LIST + "/{kiosk_id}/code", dependencies=MANAGES)
def renew_code(db: Db, subject: CurrentSubject, settings: SettingsDep, kiosk_id: PathId) -> Response:
    """Show another code for a kiosk without a tablet."""
    kiosk, code = service.renew_code(db, subject, kiosk_id)
    return _show_code(settings, subject, kiosk.name, code)


def _show_code(settings: Settings, subject: Subject, name: str, code: str) -> Response:
    response = redirect(LIST)
    shown_once.hand_over(settings, subject, response, LIST, {"code": code, "name": name})
    return response


@router.post(LIST + "/{kiosk_id}/revoke", dependencies=MANAGES)
def revoke(db: Db, subject: CurrentSubject, kiosk_id: PathId) -> Response:
    """Let nothing of this kiosk count any more."""
    service.revoke_kiosk(db, subject, kiosk_id)
    return redirect(LIST)


# The student's


def _pin_page(request: Request, db: Session, subject: Subject, form: Form[PinForm]) -> Response:
    return render(
        request,
        "attendance/kiosk_pin.html",
        form=form,
        chosen_at=service.pin_chosen_at(db, subject),
        number=subject.user_id,
        digits=PIN_DIGITS,
        breadcrumbs=[("Hours", "/hours"), ("Kiosk PIN", None)],
    )


@router.get("/hours/kiosk-pin")
def pin(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """The student's number, and the form for a PIN."""
    return _pin_page(request, db, subject, Form.blank(PinForm))


@router.post("/hours/kiosk-pin")
def choose_pin(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[PinForm], Depends(posted(PinForm))],
) -> Response:
    """Choose a PIN."""

    def act(values: PinForm) -> Response:
        service.choose_pin(db, settings, subject, values)
        return redirect("/hours/kiosk-pin")

    def again() -> Response:
        # What was typed is not sent back.
        form.data = {}
        return _pin_page(request, db, subject, form)

    return form.submit(db, act, again)
