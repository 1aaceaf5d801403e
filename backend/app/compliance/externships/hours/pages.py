"""The student's externship: the site, the log, what the supervisor confirmed or disputed."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.externships.hours import service
from app.compliance.externships.hours.schemas import HoursFields, HoursForm
from app.compliance.externships.links.schemas import SendForm
from app.compliance.externships.placements import service as placements
from app.compliance.externships.weeks import service as weeks
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound, Problem, TooManyRequests
from app.core.permissions import Subject
from app.rules.externships import RATINGS
from app.settings import Settings
from app.web import navigation
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Externship", "/externship", "building-hospital", navigation.STUDENTS, order=45))
OWN = ("Externship", "/externship")
_LOCATION = {"Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()"}
"""Only the form that asks for it may read the location, and only where the policy asks."""


@router.get("/externship")
def own(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    if not subject.is_student:
        return redirect("/externships")
    return _own_page(request, db, subject, settings)


def _own_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    problem: Problem | None = None,
) -> Response:
    found = placements.externships_of(db, subject, subject.user_id, settings.zone)
    return render(
        request,
        "externships/own.html",
        problem.status if problem else 200,
        problem=problem,
        found=found,
        today=clock.today(settings.zone),
        ratings=RATINGS,
    )


@router.get("/externship/{externship_id}/hours/new")
def new_hours(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, externship_id: PathId
) -> Response:
    form = Form.blank(HoursForm, request=uuid4(), day=clock.today(settings.zone), break_minutes=30)
    return _form_page(request, db, subject, settings, externship_id, form)


@router.post("/externship/{externship_id}/hours/new")
def log_hours(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    externship_id: PathId,
    form: Annotated[Form[HoursForm], Depends(posted(HoursForm))],
) -> Response:
    def save(values: HoursForm) -> Response:
        service.log(db, subject, externship_id, values, settings.zone, values.request)
        return redirect("/externship")

    return form.submit(
        db, save, again=lambda: _form_page(request, db, subject, settings, externship_id, form)
    )


@router.get("/externship/hours/{hours_id}/edit")
def edit_hours(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, hours_id: PathId
) -> Response:
    entry = service.get_hours(db, subject, hours_id)
    starts, ends = (one.astimezone(settings.zone) for one in (entry.starts_at, entry.ends_at))
    form = Form.blank(
        HoursFields,
        day=entry.day,
        starts_at=f"{starts:%H:%M}",
        ends_at=f"{ends:%H:%M}",
        next_day=ends.date() > entry.day,
        break_minutes=entry.break_minutes,
        did=entry.did,
        latitude=entry.latitude,
        longitude=entry.longitude,
    )
    return _form_page(request, db, subject, settings, entry.externship_id, form, entry)


@router.post("/externship/hours/{hours_id}/edit")
def change_hours(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    hours_id: PathId,
    form: Annotated[Form[HoursFields], Depends(posted(HoursFields))],
) -> Response:
    entry = service.get_hours(db, subject, hours_id)

    def save(values: HoursFields) -> Response:
        service.change(db, subject, hours_id, values, settings.zone)
        return redirect("/externship")

    return form.submit(
        db,
        save,
        again=lambda: _form_page(request, db, subject, settings, entry.externship_id, form, entry),
    )


@router.post("/externship/hours/{hours_id}/remove")
def remove_hours(db: Db, subject: CurrentSubject, hours_id: PathId) -> Response:
    service.remove(db, subject, hours_id)
    return redirect("/externship")


@router.post("/externship/{externship_id}/send")
def send_week(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    externship_id: PathId,
    form: Annotated[Form[SendForm], Depends(posted(SendForm))],
) -> Response:
    """Ask the supervisor to confirm a week."""
    try:
        with db.begin_nested():
            weeks.send_week(db, subject, externship_id, form.checked().week, settings.zone)
    except (Conflict, Invalid, TooManyRequests) as problem:
        return _own_page(request, db, subject, settings, problem)
    return redirect("/externship")


def _form_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    externship_id: int,
    form: Form[Any],
    entry: Any | None = None,
) -> Response:
    found = placements.externships_of(db, subject, subject.user_id, settings.zone)
    row = next((one.row for one in found if one.row.id == externship_id and one.row.site_id), None)
    if row is None:
        raise NotFound("There is no such externship, or it has no log. Go back to Externship.")
    asks = service.asks_location(db, subject, clock.today(settings.zone))
    title = "Change hours" if entry else "Log hours"
    return render(
        request,
        "externships/hours_form.html",
        headers=_LOCATION if asks else None,
        form=form,
        row=row,
        entry=entry,
        title=title,
        asks_location=asks,
        breadcrumbs=[OWN, (title, None)],
    )
