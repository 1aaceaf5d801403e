"""Pages that change a class: its timetable, its instructors, its students."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ClassRequest:
    """A request about one class, and who makes it."""

    request: Request
    db: Session
    subject: Subject
    settings: Settings
    class_id: int

    def page(self, template: str, title: str, **context: Any) -> Response:
        """A page about the class, below the class's own. Raises NotFound for a class that the person may not see."""
        view = service.read(self.db, self.subject, self.class_id, self.settings.zone)
        return render(
            self.request,
            template,
            view=view,
            record=view.record,
            may_manage=policy.may_manage(self.subject),
            breadcrumbs=[CLASSES, (view.record.code, f"/classes/{self.class_id}"), (title, None)],
            **context,
        )

    def back(self, part: str = "") -> Response:
        """To the class's own page, or a part of it."""
        return redirect(f"/classes/{self.class_id}{part}")


def _asked(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> ClassRequest:
    return ClassRequest(request, db, subject, settings, class_id)


Asked = Annotated[ClassRequest, Depends(_asked)]


# The timetable


@router.get("/classes/{class_id}/timetable")
def timetable(asked: Asked) -> Response:
    """Weekly meetings and the days that are not as every week."""
    policy.require_read_all(asked.subject)
    return _timetable(asked)


def _timetable(
    asked: ClassRequest, weekly: Form[WeeklyForm] | None = None, change: Form[ChangeForm] | None = None
) -> Response:
    return asked.page(
        "classes/timetable.html",
        "Schedule",
        weekly=weekly or Form.blank(WeeklyForm),
        change=change or Form.blank(ChangeForm, kind="cancelled"),
        weekdays=weekday_choices(),
        kinds=KINDS,
    )


@router.post("/classes/{class_id}/timetable")
def add_weekly(asked: Asked, form: Annotated[Form[WeeklyForm], Depends(posted(WeeklyForm))]) -> Response:
    policy.require_manage(asked.subject)

    def add(values: WeeklyForm) -> Response:
        service.add_weekly(asked.db, asked.subject, asked.class_id, values)
        return asked.back("/timetable")

    return form.submit(asked.db, add, lambda: _timetable(asked, weekly=form))


@router.post("/classes/{class_id}/timetable/{meeting_id}/remove")
def remove_weekly(asked: Asked, meeting_id: PathId) -> Response:
    service.remove_weekly(asked.db, asked.subject, asked.class_id, meeting_id)
    return asked.back("/timetable")


@router.post("/classes/{class_id}/changes")
def add_change(asked: Asked, form: Annotated[Form[ChangeForm], Depends(posted(ChangeForm))]) -> Response:
    policy.require_manage(asked.subject)

    def add(values: ChangeForm) -> Response:
        service.add_change(asked.db, asked.subject, asked.class_id, values)
        return asked.back("/timetable")

    return form.submit(asked.db, add, lambda: _timetable(asked, change=form))


@router.post("/classes/{class_id}/changes/{change_id}/remove")
def remove_change(asked: Asked, change_id: PathId) -> Response:
    service.remove_change(asked.db, asked.subject, asked.class_id, change_id)
    return asked.back("/timetable")


# Instructors


@router.get("/classes/{class_id}/instructors")
def instructors(asked: Asked) -> Response:
    """Who teaches the class, and the form that adds somebody."""
    policy.require_read_all(asked.subject)
    return _instructors(asked, Form.blank(InstructorForm))


def _instructors(asked: ClassRequest, form: Form[InstructorForm]) -> Response:
    return asked.page(
        "classes/instructors.html",
        "Instructors",
        form=form,
        staff=service.staff_choices(asked.db, asked.subject),
        today=clock.today(asked.settings.zone),
    )


@router.post("/classes/{class_id}/instructors")
def add_instructor(
    asked: Asked, form: Annotated[Form[InstructorForm], Depends(posted(InstructorForm))]
) -> Response:
    policy.require_manage(asked.subject)

    def add(values: InstructorForm) -> Response:
        service.add_instructor(asked.db, asked.subject, asked.class_id, values)
        return asked.back("/instructors")

    return form.submit(asked.db, add, lambda: _instructors(asked, form))


@router.post("/classes/{class_id}/instructors/{assignment_id}/end")
def end_instructor(asked: Asked, assignment_id: PathId) -> Response:
    yesterday = clock.today(asked.settings.zone) - timedelta(days=1)
    service.end_instructor(asked.db, asked.subject, asked.class_id, assignment_id, last_day=yesterday)
    return asked.back("/instructors")


# Students


@router.get("/classes/{class_id}/students")
def students(asked: Asked, paging: PageParams) -> Response:
    """Who can be added: several at once."""
    policy.require_read_all(asked.subject)
    return _students(asked, paging, Form.blank(SeatsForm))


def _students(asked: ClassRequest, paging: Paging, form: Form[SeatsForm]) -> Response:
    page = service.candidates(asked.db, asked.subject, asked.class_id, paging, asked.settings.zone)
    return asked.page("classes/students.html", "Add students", page=page, paging=paging, form=form)


@router.post("/classes/{class_id}/students")
def add_students(asked: Asked, form: Annotated[Form[SeatsForm], Depends(posted(SeatsForm))]) -> Response:
    policy.require_manage(asked.subject)

    def add(values: SeatsForm) -> Response:
        service.add_students(
            asked.db,
            asked.subject,
            asked.class_id,
            values.enrollment_ids,
            asked.settings.zone,
            starts_on=values.starts_on,
        )
        return asked.back()

    return form.submit(asked.db, add, lambda: _students(asked, Paging(), form))


@router.get("/classes/{class_id}/students/remove")
def ask_remove_students(asked: Asked, paging: PageParams) -> Response:
    """Who can be taken out: several at once."""
    policy.require_read_all(asked.subject)
    return _removal(asked, paging, Form.blank(RemoveForm))


def _removal(asked: ClassRequest, paging: Paging, form: Form[RemoveForm]) -> Response:
    listing = service.roster(
        asked.db, asked.subject, asked.class_id, paging, asked.settings.zone, removable=True
    )
    return asked.page(
        "classes/removal.html", "Remove students", page=listing.page(), paging=paging, form=form
    )


@router.post("/classes/{class_id}/students/remove")
def remove_students(asked: Asked, form: Annotated[Form[RemoveForm], Depends(posted(RemoveForm))]) -> Response:
    policy.require_manage(asked.subject)

    def remove(values: RemoveForm) -> Response:
        service.remove_students(asked.db, asked.subject, asked.class_id, values.seat_ids, asked.settings.zone)
        return asked.back()

    return form.submit(asked.db, remove, lambda: _removal(asked, Paging(), form))
