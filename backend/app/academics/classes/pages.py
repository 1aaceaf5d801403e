"""Pages of the classes: the list, one class with its roster, today's meetings, and the form of a class."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.academics.classes import change_pages, policy, service
from app.academics.classes.links import links_for
from app.academics.classes.reports import CLASSES_REPORT, ROSTER_REPORT
from app.academics.classes.schemas import ButtonForm, ClassForm
from app.core import clock
from app.core.permissions import Subject
from app.settings import Settings
from app.web import navigation, refusals, reports, search
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Classes", "/classes", "calendar-event", policy.may_list, order=45))
refusals.register_record("class_id", "classes")

CLASSES = ("Classes", "/classes")
NEXT_DAYS = 14


@router.get("/classes")
def classes(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    program_id: Annotated[OptionalId, Query()] = None,
    term: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Classes that the person may see, and what meets today."""
    listing = service.list_classes(
        db, subject, paging, settings.zone, program_id=program_id, current=term == "current"
    )
    programs, _modules = service.choices(db, subject)
    return reports.answer(
        request,
        db,
        subject,
        CLASSES_REPORT,
        listing,
        "classes/classes.html",
        choices={"program_id": [(str(number), name) for number, name in programs]},
        today=service.today(db, subject, settings.zone),
        may_manage=policy.may_manage(subject),
        sees_all=policy.may_read_all(subject),
    )


@router.get("/classes/new")
def new_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    policy.require_manage(subject)
    today = clock.today(settings.zone)
    form = Form.blank(ClassForm, program_id=program_id, starts_on=today, ends_on=today + timedelta(weeks=26))
    return _form_page(request, db, subject, form, None)


@router.post("/classes/new")
def create_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[ClassForm], Depends(posted(ClassForm))],
) -> Response:
    policy.require_manage(subject)

    def create(values: ClassForm) -> Response:
        return redirect(f"/classes/{service.create(db, subject, values).id}/timetable")

    return form.submit(db, create, again=lambda: _form_page(request, db, subject, form, None))


@router.get("/classes/{class_id}")
def one_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    class_id: PathId,
) -> Response:
    """A class: when and where it meets, who teaches it, who sits in it; the roster as a file."""
    zone = settings.zone
    view = service.read(db, subject, class_id, zone)
    today = clock.today(zone)
    return reports.answer(
        request,
        db,
        subject,
        ROSTER_REPORT,
        service.roster(db, subject, class_id, paging, zone),
        "classes/class.html",
        file_name=f"roster-{class_id}",
        about={"Class": f"{view.record.code}, {view.record.name}"},
        view=view,
        record=view.record,
        upcoming=service.meetings(db, subject, class_id, zone, today, today + timedelta(days=NEXT_DAYS)),
        present=[one for one in view.teachers if one.ends_on is None or one.ends_on >= today],
        may_manage=policy.may_manage(subject),
        sees_all=policy.may_read_all(subject),
        links=links_for(subject),
        breadcrumbs=[CLASSES, (view.record.code, None)],
    )


@router.get("/classes/{class_id}/edit")
def edit_class(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> Response:
    policy.require_manage(subject)
    record = service.read(db, subject, class_id, settings.zone).record
    return _form_page(request, db, subject, Form.filled(ClassForm, record), record)


@router.post("/classes/{class_id}/edit")
def update_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[ClassForm], Depends(posted(ClassForm))],
) -> Response:
    policy.require_manage(subject)
    record = service.read(db, subject, class_id, settings.zone).record

    def update(values: ClassForm) -> Response:
        service.update(db, subject, class_id, values.model_dump())
        return redirect(f"/classes/{class_id}")

    return form.submit(db, update, again=lambda: _form_page(request, db, subject, form, record))


@router.post("/classes/{class_id}/delete")
def delete_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    policy.require_manage(subject)
    record = service.read(db, subject, class_id, settings.zone).record

    def delete(_values: ButtonForm) -> Response:
        service.delete(db, subject, class_id)
        return redirect("/classes")

    def again() -> Response:
        shown = Form.filled(ClassForm, record)
        shown.errors = form.errors
        return _form_page(request, db, subject, shown, record)

    return form.submit(db, delete, again)


def _form_page(
    request: Request, db: Session, subject: Subject, form: Form[ClassForm], record: Any | None
) -> Response:
    programs, modules = service.choices(db, subject)
    title = f"Edit {record.code}" if record else "New class"
    crumbs = [CLASSES, (record.code, f"/classes/{record.id}")] if record else [CLASSES]
    return render(
        request,
        "classes/class_form.html",
        form=form,
        record=record,
        title=title,
        programs=programs,
        modules=modules,
        cancel=f"/classes/{record.id}" if record else "/classes",
        button="Save the class" if record else "Create the class",
        breadcrumbs=[*crumbs, (title, None)],
    )


def _find_classes(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_list(subject):
        return None
    settings: Settings = db.info["settings"]
    paging = Paging(q=words, per_page=search.MOST)
    found = service.list_classes(db, subject, paging, settings.zone).page()
    hits = [
        Hit(f"{row.code}, {row.name}", row.program, f"/classes/{row.id}", "calendar-event")
        for row in found.items
    ]
    return Found("Classes", hits, found.total, "/classes")


search.register("classes", _find_classes, order=25)
# Addresses below /classes/{class_id} that change it.
router.include_router(change_pages.router)
