"""Pages of punches at kiosks: the list of what waits, one punch with what follows from it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.corrections.pages import ATTENDANCE, CORRECTS
from app.compliance.attendance.kiosk.punches import service
from app.compliance.attendance.kiosk.punches.service import PunchView
from app.compliance.attendance.kiosk.reports import PUNCHES
from app.compliance.attendance.kiosk.schemas import DismissForm, RequestForm, State
from app.compliance.attendance.pages import LISTS, views
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import Subject
from app.core.visibility import Records
from app.settings import Settings
from app.web import refusals, reports
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("punch_id", "kiosk_punches", owner="user_id", kind=Records.ATTENDANCE)
LIST = "/attendance/kiosk-punches"
Wanted = Annotated[State | None, BeforeValidator(blank_is_none), Query(alias="state")]


@router.get(LIST, dependencies=LISTS)
def punches(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Wanted = None,
    kiosk_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Punches: those to look at, unless others are asked for."""
    listing = service.list_punches(db, subject, paging, state or State.WAITING, kiosk_id)
    return reports.answer(
        request, db, subject, PUNCHES, listing, "attendance/kiosk_punches.html", views=views(request)
    )


def _punch_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    punch_id: int,
    *,
    dismissing: Form[DismissForm] | None = None,
    requesting: Form[RequestForm] | None = None,
) -> Response:
    view = service.read(db, subject, punch_id, settings.zone)
    return render(
        request,
        "attendance/kiosk_punch.html",
        view=view,
        punch=view.line.punch,
        programs=[(one.id, one.program_name) for one in view.enrollments],
        dismissing=dismissing or Form.blank(DismissForm),
        requesting=requesting or Form.blank(RequestForm, **_suggested(view, settings)),
        breadcrumbs=[ATTENDANCE, ("Kiosk punches", LIST), (view.line.student or "Nobody known", None)],
    )


def _suggested(view: PunchView, settings: Settings) -> dict[str, object]:
    """The form as the punch suggests it: its record of that day, with the time of the punch in it."""
    punch = view.line.punch
    at = clock.local(punch.punched_at, settings.zone).replace(tzinfo=None, second=0, microsecond=0)
    values: dict[str, object] = {
        "reason": f"Punch at the kiosk {view.line.kiosk}, {view.line.what.lower()}",
        "clock_in" if punch.kind == "in" else "clock_out": at,
    }
    active = [one.id for one in view.enrollments if one.status == "active"]
    if view.records:
        record = view.records[-1]
        values["record_id"] = record.id
        if punch.kind == "out":
            values["clock_in"] = clock.local(record.clock_in, settings.zone).replace(
                tzinfo=None, second=0, microsecond=0
            )
    elif len(active) == 1:
        values["enrollment_id"] = active[0]
    return values


@router.get(LIST + "/{punch_id}", dependencies=LISTS)
def punch(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, punch_id: PathId
) -> Response:
    """One punch: what arrived, what became of it, and the forms to decide what follows."""
    return _punch_page(request, db, subject, settings, punch_id)


@router.post(LIST + "/{punch_id}/dismiss", dependencies=CORRECTS)
def dismiss(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    punch_id: PathId,
    form: Annotated[Form[DismissForm], Depends(posted(DismissForm))],
) -> Response:
    """Nothing follows from it."""

    def act(values: DismissForm) -> Response:
        service.dismiss(db, subject, punch_id, values.note)
        return redirect(f"{LIST}/{punch_id}")

    return form.submit(
        db, act, again=lambda: _punch_page(request, db, subject, settings, punch_id, dismissing=form)
    )


@router.post(LIST + "/{punch_id}/correction", dependencies=CORRECTS)
def request_correction(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    punch_id: PathId,
    form: Annotated[Form[RequestForm], Depends(posted(RequestForm))],
) -> Response:
    """Ask for the hours that the punch is about."""

    def act(values: RequestForm) -> Response:
        made = service.request_correction(
            db, subject, punch_id, _wanted(values, settings), settings.zone, values.record_id
        )
        return redirect(f"/attendance/corrections/{made.id}")

    return form.submit(
        db, act, again=lambda: _punch_page(request, db, subject, settings, punch_id, requesting=form)
    )


def _wanted(values: RequestForm, settings: Settings) -> CorrectionIn | HoursIn:
    first = attendance.instant(values.clock_in, "clock_in", settings.zone, second=values.clock_in_second)
    last = attendance.instant(values.clock_out, "clock_out", settings.zone, second=values.clock_out_second)
    if values.record_id is not None:
        return CorrectionIn(clock_in=first, clock_out=last, reason=values.reason)
    if values.enrollment_id is None:
        sentence = "Choose a record to change, or the program that new hours count for."
        raise Invalid(sentence, errors=[FieldError("enrollment_id", sentence)])
    return HoursIn(enrollment_id=values.enrollment_id, clock_in=first, clock_out=last, reason=values.reason)
