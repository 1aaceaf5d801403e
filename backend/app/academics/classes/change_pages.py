"""Pages that change a class: its timetable, its instructors, its students."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.academics.classes import policy, service
from app.academics.classes.schemas import (
    ChangeForm,
    InstructorForm,
    RemoveForm,
    SeatsForm,
    WeeklyForm,
    weekday_choices,
)
from app.core import clock
from app.core.permissions import Subject
from app.settings import Settings
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
CLASSES = ("Classes", "/classes")
KINDS = [("cancelled", "No meeting that day"), ("moved", "The meeting moves"), ("extra", "Extra meeting")]


# The timetable


@router.get("/classes/{class_id}/timetable")
def timetable(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> Response:
    """Weekly meetings and the days that are not as every week."""
    policy.require_read_all(subject)
    return _timetable(request, db, subject, settings, class_id)


def _timetable(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    weekly: Form[WeeklyForm] | None = None,
    change: Form[ChangeForm] | None = None,
) -> Response:
    view = service.read(db, subject, class_id, settings.zone)
    return render(
        request,
        "classes/timetable.html",
        view=view,
        record=view.record,
        may_manage=policy.may_manage(subject),
        weekly=weekly or Form.blank(WeeklyForm),
        change=change or Form.blank(ChangeForm, kind="cancelled"),
        weekdays=weekday_choices(),
        kinds=KINDS,
        breadcrumbs=[CLASSES, (view.record.code, f"/classes/{class_id}"), ("Schedule", None)],
    )


@router.post("/classes/{class_id}/timetable")
def add_weekly(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[WeeklyForm], Depends(posted(WeeklyForm))],
) -> Response:
    policy.require_manage(subject)

    def add(values: WeeklyForm) -> Response:
        service.add_weekly(db, subject, class_id, values)
        return redirect(f"/classes/{class_id}/timetable")

    return form.submit(db, add, lambda: _timetable(request, db, subject, settings, class_id, weekly=form))


@router.post("/classes/{class_id}/timetable/{meeting_id}/remove")
def remove_weekly(db: Db, subject: CurrentSubject, class_id: PathId, meeting_id: PathId) -> Response:
    service.remove_weekly(db, subject, class_id, meeting_id)
    return redirect(f"/classes/{class_id}/timetable")


@router.post("/classes/{class_id}/changes")
def add_change(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[ChangeForm], Depends(posted(ChangeForm))],
) -> Response:
    policy.require_manage(subject)

    def add(values: ChangeForm) -> Response:
        service.add_change(db, subject, class_id, values)
        return redirect(f"/classes/{class_id}/timetable")

    return form.submit(db, add, lambda: _timetable(request, db, subject, settings, class_id, change=form))


@router.post("/classes/{class_id}/changes/{change_id}/remove")
def remove_change(db: Db, subject: CurrentSubject, class_id: PathId, change_id: PathId) -> Response:
    service.remove_change(db, subject, class_id, change_id)
    return redirect(f"/classes/{class_id}/timetable")


# Instructors


@router.get("/classes/{class_id}/instructors")
def instructors(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> Response:
    """Who teaches the class, and the form that adds somebody."""
    policy.require_read_all(subject)
    return _instructors(request, db, subject, settings, class_id, Form.blank(InstructorForm))


def _instructors(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    form: Form[InstructorForm],
) -> Response:
    view = service.read(db, subject, class_id, settings.zone)
    return render(
        request,
        "classes/instructors.html",
        view=view,
        record=view.record,
        may_manage=policy.may_manage(subject),
        form=form,
        staff=service.staff_choices(db, subject),
        today=clock.today(settings.zone),
        breadcrumbs=[CLASSES, (view.record.code, f"/classes/{class_id}"), ("Instructors", None)],
    )


@router.post("/classes/{class_id}/instructors")
def add_instructor(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[InstructorForm], Depends(posted(InstructorForm))],
) -> Response:
    policy.require_manage(subject)

    def add(values: InstructorForm) -> Response:
        service.add_instructor(db, subject, class_id, values)
        return redirect(f"/classes/{class_id}/instructors")

    return form.submit(db, add, lambda: _instructors(request, db, subject, settings, class_id, form))


@router.post("/classes/{class_id}/instructors/{assignment_id}/end")
def end_instructor(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, assignment_id: PathId
) -> Response:
    yesterday = clock.today(settings.zone) - timedelta(days=1)
    service.end_instructor(db, subject, class_id, assignment_id, last_day=yesterday)
    return redirect(f"/classes/{class_id}/instructors")


# Students


@router.get("/classes/{class_id}/students")
def students(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    class_id: PathId,
) -> Response:
    """Who can be added: several at once."""
    policy.require_read_all(subject)
    return _students(request, db, subject, settings, class_id, paging, Form.blank(SeatsForm))


def _students(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    paging: Paging,
    form: Form[Any],
) -> Response:
    view = service.read(db, subject, class_id, settings.zone)
    return render(
        request,
        "classes/students.html",
        record=view.record,
        may_manage=policy.may_manage(subject),
        page=service.candidates(db, subject, class_id, paging, settings.zone),
        paging=paging,
        form=form,
        breadcrumbs=[CLASSES, (view.record.code, f"/classes/{class_id}"), ("Add students", None)],
    )


@router.post("/classes/{class_id}/students")
def add_students(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[SeatsForm], Depends(posted(SeatsForm))],
) -> Response:
    policy.require_manage(subject)

    def add(values: SeatsForm) -> Response:
        service.add_students(
            db, subject, class_id, values.enrollment_ids, settings.zone, starts_on=values.starts_on
        )
        return redirect(f"/classes/{class_id}")

    return form.submit(db, add, lambda: _students(request, db, subject, settings, class_id, Paging(), form))


@router.get("/classes/{class_id}/students/remove")
def ask_remove_students(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    class_id: PathId,
) -> Response:
    """Who can be taken out: several at once."""
    policy.require_read_all(subject)
    return _removal(request, db, subject, settings, class_id, paging, Form.blank(RemoveForm))


def _removal(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    paging: Paging,
    form: Form[RemoveForm],
) -> Response:
    view = service.read(db, subject, class_id, settings.zone)
    return render(
        request,
        "classes/removal.html",
        record=view.record,
        may_manage=policy.may_manage(subject),
        page=service.roster(db, subject, class_id, paging, settings.zone).page(),
        paging=paging,
        form=form,
        breadcrumbs=[CLASSES, (view.record.code, f"/classes/{class_id}"), ("Remove students", None)],
    )


@router.post("/classes/{class_id}/students/remove")
def remove_students(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[RemoveForm], Depends(posted(RemoveForm))],
) -> Response:
    policy.require_manage(subject)

    def remove(values: RemoveForm) -> Response:
        service.remove_students(db, subject, class_id, values.seat_ids, settings.zone)
        return redirect(f"/classes/{class_id}")

    return form.submit(db, remove, lambda: _removal(request, db, subject, settings, class_id, Paging(), form))
